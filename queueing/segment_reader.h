// Pulls the records of one use of a segment, in order. Damage never hides what lies behind it: the
// reader looks for the next place where the key of this use stands (records are aligned, and nobody
// outside can guess the key, so message octets cannot pose as a record).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "engine/base/bytes.h"
#include "queueing/log_device.h"
#include "queueing/record.h"

namespace sluice::queueing {

class SegmentReader {
 public:
  struct Record {
    std::uint32_t offset = 0;
    RecordHeader header;
    ByteView payload;  // until the next call
  };

  SegmentReader(LogDevice& device, LogDevice::File file, std::uint64_t key);

  std::optional<Record> next();
  // Records whose key stood there but that were not whole; those after the last good one may be
  // the torn end of the log.
  std::uint32_t damaged() const noexcept { return damaged_; }
  std::uint32_t damaged_at_end() const noexcept { return damaged_at_end_; }
  std::uint32_t first_damage() const noexcept { return first_damage_; }
  std::uint32_t unreadable_pages() const noexcept { return unreadable_pages_; }

 private:
  static constexpr std::size_t kWindowBytes = 2 * 1024 * 1024;
  static constexpr std::size_t kPageBytes = 4096;
  static_assert(kWindowBytes >= kPayloadBytesMax + kRecordHeaderBytes);

  ByteView view(std::size_t octets);  // from offset_; empty when they cannot be had
  bool find_key();
  bool read_window();

  LogDevice& device_;
  const LogDevice::File file_;
  const std::uint64_t key_;
  std::uint64_t offset_ = kSegmentHeaderBytes;
  std::unique_ptr<std::uint8_t[]> window_;
  std::uint64_t window_offset_ = 0;
  std::size_t window_bytes_ = 0;
  std::uint32_t damaged_ = 0;
  std::uint32_t damaged_at_end_ = 0;
  std::uint32_t first_damage_ = 0;
  std::uint32_t unreadable_pages_ = 0;
};

}  // namespace sluice::queueing
