// Lays records at the head of the log and moves them to the disk in groups: while one group is
// being synced the next one gathers. Everything is positional: durable <= written <= dirty, and
// whoever needs a record durable waits until durable() has reached the position after it.
// A returned append says only that the record has its place; not that it is on the disk.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <expected>
#include <optional>
#include <span>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/crc32c.h"
#include "queueing/batch.h"
#include "queueing/log_device.h"
#include "queueing/record.h"
#include "queueing/segment_supply.h"
#include "queueing/segment_table.h"
#include "queueing/shard.h"

namespace sluice::queueing {

// A place in the whole log: sequence in the upper half, offset in the lower. Only grows.
using LogPosition = std::uint64_t;
constexpr LogPosition log_position(std::uint64_t sequence, std::uint32_t offset) {
  return sequence << 32 | offset;
}

// durable <= written <= dirty: asserted here and nowhere else.
class LogOffsets {
 public:
  LogPosition dirty() const noexcept { return dirty_; }
  LogPosition written() const noexcept { return written_; }
  LogPosition durable() const noexcept { return durable_; }
  void set(LogPosition dirty, LogPosition written, LogPosition durable) noexcept;

 private:
  LogPosition dirty_ = 0;
  LogPosition written_ = 0;
  LogPosition durable_ = 0;
};

class SegmentWriter {
 public:
  static constexpr std::size_t kBatches = 8;                     // gathering, in flight and waiting
  static constexpr std::uint32_t kEarlyWriteBytes = 256 * 1024;  // written before a sync is free
  // Records that nobody waits for (outcomes): given to the kernel soon, so that the death of the
  // process alone repeats no delivery; synced later, for the machine's.
  static constexpr Duration kLazyWrite = milliseconds(2);
  static constexpr Duration kLazyDelay = milliseconds(200);
  static constexpr int kWriteAttempts = 3;  // of a write that came back short

  SegmentWriter(std::uint64_t segment_bytes, LogDevice& device, SegmentTable& table,
                SegmentSupply& supply);

  // A chunk of at most kChunkBytesMax octets.
  std::expected<Location, QueueError> append_chunk(Mid mid, std::span<const BlockSlice> slices);
  // Any record: the caller fills `payload` through the encoder.
  template <typename Encode>
  std::expected<Location, QueueError> append(RecordType type, Mid mid, std::uint64_t length,
                                             Encode&& encode_payload);
  void mark(Mid mid) noexcept;  // lazily: this MID has been used

  void want_durable() noexcept { sync_wanted_ = offsets_.dirty(); }
  const LogOffsets& offsets() const noexcept { return offsets_; }
  Mid highest_mid() const noexcept { return highest_mid_; }
  void saw_mid(Mid mid) noexcept { highest_mid_ = std::max(highest_mid_, mid); }

  // The segment that the supply made the first head.
  void start() noexcept;
  // Returns how many writes and syncs were begun.
  std::size_t poll(Instant now, LogDevice::Token write, LogDevice::Token sync) noexcept;
  // What became of a write or sync; an error means that everything not yet durable is lost:
  // disk_full: the log goes on behind it; io_error: nothing more is written.
  std::optional<QueueError> on_written(std::int64_t result) noexcept;
  std::optional<QueueError> on_synced(std::int64_t result) noexcept;

  bool idle() const noexcept;
  std::uint64_t syncs() const noexcept { return syncs_; }
  std::uint64_t bytes_written() const noexcept { return bytes_written_; }

 private:
  std::expected<Location, QueueError> reserve(std::uint64_t payload, std::size_t staged,
                                              std::size_t pieces) noexcept;
  Batch* open_batch(std::size_t staged, std::size_t pieces) noexcept;
  void fill_page(Batch& batch) noexcept;
  bool roll() noexcept;
  void finish_record(const Location& location) noexcept;
  void release(Batch* batch) noexcept;
  bool may_submit(const Batch& batch) noexcept;
  void submit(Batch& batch, bool then_sync) noexcept;
  void submit_sync() noexcept;
  std::uint32_t file_of(std::uint64_t sequence) noexcept;
  std::uint64_t key() noexcept { return table_.head().key; }

  const std::uint64_t segment_bytes_;
  LogDevice& device_;
  SegmentTable& table_;
  SegmentSupply& supply_;
  LogOffsets offsets_;
  std::uint32_t head_used_ = 0;  // octets of the head that have records
  LogPosition sync_wanted_ = 0;
  LogPosition sync_covers_ = 0;  // of the sync in flight
  bool syncing_ = false;
  bool failed_ = false;
  int attempts_ = 0;
  Mid highest_mid_ = 0;
  std::optional<Instant> lazy_since_;
  std::optional<Instant> unwritten_since_;
  Instant now_{0};
  std::array<Batch, kBatches> storage_;
  std::vector<Batch*> free_;
  std::vector<Batch*> queue_;  // oldest first; the last one gathers
  Batch* writing_ = nullptr;
  LogDevice::Token write_token_ = 0;
  LogDevice::Token sync_token_ = 0;
  std::uint64_t syncs_ = 0;
  std::uint64_t bytes_written_ = 0;
};

template <typename Encode>
std::expected<Location, QueueError> SegmentWriter::append(RecordType type, Mid mid,
                                                          std::uint64_t length,
                                                          Encode&& encode_payload) {
  auto location = reserve(length, record_bytes(static_cast<std::uint32_t>(length)), 1);
  if (!location) return location;
  MutableBytes record = queue_.back()->stage(record_bytes(location->length));
  const MutableBytes payload = record.subspan(kRecordHeaderBytes, location->length);
  encode_payload(payload);
  RecordHeader header{type, mid, location->length, 0};
  header.crc = crc32c(payload, crc_of_header(header, key()));
  encode(header, key(), record);
  const std::size_t used = kRecordHeaderBytes + location->length;
  std::memset(record.data() + used, 0, record.size() - used);
  finish_record(*location);
  return location;
}

}  // namespace sluice::queueing
