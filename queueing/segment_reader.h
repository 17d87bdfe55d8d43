// Pulls the records of one use of a segment, in order. Damage never hides what lies behind it: the
// reader looks for the next place where the key of this use stands (records are aligned, and nobody
// outside can guess the key, so message octets cannot pose as a record). Between two records there
// are zeros or nothing, so whatever else stands there is damage, even when it hit the key itself.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <vector>

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

  // What lies between two good records and is not zero, or between the last one and the end of the
  // file when the key stands there.
  struct Damage {
    enum class Reason : std::uint8_t { no_record, bad_record, unreadable };
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    std::uint32_t bad_records = 0;  // places where the key stands
    Reason reason = Reason::no_record;
  };

  SegmentReader(LogDevice& device, LogDevice::File file, std::uint64_t key);

  std::optional<Record> next();
  // When next() has come to the end: in order, without what follows the last good record …
  const std::vector<Damage>& damages() const noexcept { return damages_; }
  // … which may be the torn end of the log. Zeros and what an earlier use left are no damage.
  const std::optional<Damage>& end() const noexcept { return end_; }
  std::uint32_t end_of_records() const noexcept { return good_end_; }

 private:
  static constexpr std::size_t kWindowBytes = 2 * 1024 * 1024;
  static_assert(kWindowBytes >= kPageBytes + kPayloadBytesMax + kRecordHeaderBytes);

  ByteView view(std::size_t octets);  // from offset_; empty when they cannot be had
  bool find_key();
  bool read_window(std::size_t octets);
  bool read_at(std::uint64_t from, std::uint64_t most);
  void look_at(const Damage::Reason reason) noexcept {
    gap_.reason = std::max(gap_.reason, reason);
  }
  void close_gap();

  LogDevice& device_;
  const LogDevice::File file_;
  const std::uint64_t key_;
  std::uint64_t offset_ = kSegmentHeaderBytes;
  struct FreePages {
    void operator()(std::uint8_t* pages) const {
      ::operator delete[](pages, std::align_val_t{kPageBytes});
    }
  };
  std::unique_ptr<std::uint8_t[], FreePages> window_;  // begins at a page, for direct reads
  std::uint64_t window_offset_ = 0;
  std::size_t window_bytes_ = 0;
  std::uint64_t careful_until_ = 0;  // something before it cannot be read
  std::uint32_t good_end_ = kSegmentHeaderBytes;
  Damage gap_;              // since the last good record
  bool gap_dirty_ = false;  // it holds something other than zeros
  std::vector<Damage> damages_;
  std::optional<Damage> end_;
};

const char* describe(SegmentReader::Damage::Reason reason) noexcept;

}  // namespace sluice::queueing
