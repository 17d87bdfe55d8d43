#include "queueing/segment_writer.h"

#include <cerrno>

#include "engine/base/contract.h"

namespace sluice::queueing {

void LogOffsets::set(LogPosition dirty, LogPosition written, LogPosition durable) noexcept {
  SLUICE_ASSERT(durable <= written);
  SLUICE_ASSERT(written <= dirty);
  SLUICE_ASSERT(dirty >= dirty_ && written >= written_ && durable >= durable_);
  dirty_ = dirty;
  written_ = written;
  durable_ = durable;
}

SegmentWriter::SegmentWriter(std::uint64_t segment_bytes, LogDevice& device, SegmentTable& table,
                             SegmentSupply& supply)
    : segment_bytes_(segment_bytes), device_(device), table_(table), supply_(supply) {
  for (Batch& batch : storage_) free_.push_back(&batch);
}

void SegmentWriter::start() noexcept {
  head_used_ = kSegmentHeaderBytes;
  const LogPosition begin = log_position(table_.head().sequence, head_used_);
  offsets_.set(begin, begin, begin);
  sync_wanted_ = begin;
}

std::expected<Location, QueueError> SegmentWriter::append_chunk(
    Mid mid, std::span<const BlockSlice> slices) {
  std::uint32_t length = 0;
  for (const BlockSlice& slice : slices) length += slice.length;
  SLUICE_ASSERT(length <= kChunkBytesMax);
  const std::uint32_t padding = record_bytes(length) - kRecordHeaderBytes - length;
  auto location = reserve(length, kRecordHeaderBytes + padding, slices.size() + 2);
  if (!location) return location;
  RecordHeader header{RecordType::chunk, mid, length, 0};
  header.crc = crc_of_header(header, key());
  for (const BlockSlice& slice : slices) header.crc = crc32c(slice.bytes(), header.crc);
  Batch& batch = *queue_.back();
  encode(header, key(), batch.stage(kRecordHeaderBytes));
  for (const BlockSlice& slice : slices) batch.refer(slice);
  MutableBytes zeros = batch.stage(padding);
  std::memset(zeros.data(), 0, zeros.size());
  finish_record(*location);
  return location;
}

void SegmentWriter::mark(Mid mid) noexcept {
  // Without room the number is lost only if the machine also stops before the next commit.
  (void)append(RecordType::mark, mid, 0, [](MutableBytes) {});
}

// Finds the place of a record and a batch that can hold it.
std::expected<Location, QueueError> SegmentWriter::reserve(std::uint64_t payload,
                                                           std::size_t staged,
                                                           std::size_t pieces) noexcept {
  if (failed_) return std::unexpected(QueueError::io_error);
  if (payload > kPayloadBytesMax ||
      kSegmentHeaderBytes + record_bytes(0) + record_bytes(static_cast<std::uint32_t>(payload)) >
          segment_bytes_)
    return std::unexpected(QueueError::disk_full);
  const auto length = static_cast<std::uint32_t>(payload);
  if (head_used_ + std::uint64_t{record_bytes(length)} > segment_bytes_ && !roll())
    return std::unexpected(QueueError::disk_full);
  if (open_batch(staged, pieces) == nullptr) return std::unexpected(QueueError::too_many_arrivals);
  return Location{table_.head().sequence, head_used_, length};
}

Batch* SegmentWriter::open_batch(std::size_t staged, std::size_t pieces) noexcept {
  const std::uint64_t sequence = table_.head().sequence;
  if (!queue_.empty() && queue_.back()->sequence() == sequence) {
    if (queue_.back()->has_room(staged, pieces)) return queue_.back();
    if (free_.empty()) return nullptr;  // the disk does not keep up
    fill_page(*queue_.back());
  }
  if (free_.empty()) return nullptr;
  Batch* batch = free_.back();
  free_.pop_back();
  batch->open(sequence, head_used_);
  queue_.push_back(batch);
  return batch;
}

// The gathering batch is closed. Every write begins and ends at a page: a disk that stops while it
// writes a page may leave nothing readable of it, and that must not hold what others rely upon.
void SegmentWriter::fill_page(Batch& batch) noexcept {
  const std::uint32_t rest = -batch.bytes() & (kPageBytes - 1);
  if (rest == 0) return;
  MutableBytes zeros = batch.stage(rest);
  std::memset(zeros.data(), 0, zeros.size());
  head_used_ += rest;
  offsets_.set(log_position(batch.sequence(), head_used_), offsets_.written(), offsets_.durable());
}

// Seals the head and goes on in the next segment, which begins with the highest MID used so far.
bool SegmentWriter::roll() noexcept {
  if (free_.empty() || !supply_.advance()) return false;
  if (!queue_.empty() && queue_.back()->sequence() == offsets_.dirty() >> 32)
    fill_page(*queue_.back());
  sync_wanted_ = offsets_.dirty();
  head_used_ = kSegmentHeaderBytes;
  mark(highest_mid_);
  return true;
}

void SegmentWriter::finish_record(const Location& location) noexcept {
  head_used_ += record_bytes(location.length);
  offsets_.set(log_position(location.sequence, head_used_), offsets_.written(), offsets_.durable());
  if (!lazy_since_) lazy_since_ = now_;
  if (!unwritten_since_) unwritten_since_ = now_;
}

std::size_t SegmentWriter::poll(Instant now, LogDevice::Token write,
                                LogDevice::Token sync) noexcept {
  now_ = now;
  write_token_ = write;
  sync_token_ = sync;
  if (failed_) return 0;
  if (lazy_since_ && now - *lazy_since_ >= kLazyDelay) want_durable();
  if (writing_ != nullptr) return 0;
  if (!queue_.empty() && may_submit(*queue_.front())) {
    Batch& batch = *queue_.front();
    const LogPosition begin = log_position(batch.sequence(), batch.offset());
    const bool then_sync = !syncing_ && sync_wanted_ > begin;
    const bool full = queue_.size() > 1 || batch.bytes() >= kEarlyWriteBytes;
    const bool aged = !syncing_ && unwritten_since_ && now - *unwritten_since_ >= kLazyWrite;
    if (then_sync || full || aged) {
      if (queue_.size() == 1) fill_page(batch);
      queue_.erase(queue_.begin());
      submit(batch, then_sync);
      return 1;
    }
  }
  // On its own: nothing that is wanted waits to be written, or it waits for this segment's sync.
  const bool all_written = offsets_.written() >= sync_wanted_;
  const bool seals = !queue_.empty() && queue_.front()->sequence() != offsets_.written() >> 32;
  const bool unsynced = offsets_.durable() < std::min(sync_wanted_, offsets_.written());
  if (syncing_ || !unsynced || !(all_written || seals)) return 0;
  submit_sync();
  return 1;
}

void SegmentWriter::submit_sync() noexcept {
  syncing_ = true;
  sync_covers_ = offsets_.written();
  device_.sync(file_of(offsets_.written() >> 32), sync_token_);
}

// A segment is written only when its file is there and all of the one before is durable.
bool SegmentWriter::may_submit(const Batch& batch) noexcept {
  if (batch.sequence() != offsets_.written() >> 32 && offsets_.durable() != offsets_.written())
    return false;
  Segment* segment = table_.find(batch.sequence());
  SLUICE_ASSERT(segment != nullptr);
  return segment->ready;
}

void SegmentWriter::submit(Batch& batch, bool then_sync) noexcept {
  writing_ = &batch;
  unwritten_since_.reset();
  if (!queue_.empty()) unwritten_since_ = now_;
  if (then_sync) {
    syncing_ = true;
    sync_covers_ = log_position(batch.sequence(), batch.end());
  }
  device_.write({file_of(batch.sequence()), batch.offset(), batch.pieces(), write_token_,
                 then_sync ? std::optional(sync_token_) : std::nullopt});
}

std::optional<QueueError> SegmentWriter::on_written(std::int64_t result) noexcept {
  SLUICE_ASSERT(writing_ != nullptr);
  Batch* batch = writing_;
  const bool whole = result == batch->bytes();
  if (!whole && result >= 0 && ++attempts_ < kWriteAttempts) {
    // Written again from its beginning: the same octets at the same place. The linked sync has
    // been cancelled; a later one covers it.
    submit(*batch, false);
    return std::nullopt;
  }
  attempts_ = 0;
  writing_ = nullptr;
  bytes_written_ += whole ? batch->bytes() : 0;
  offsets_.set(offsets_.dirty(), log_position(batch->sequence(), batch->end()), offsets_.durable());
  release(batch);
  if (whole) return std::nullopt;
  const bool no_space = result >= 0 || result == -ENOSPC || result == -EDQUOT;
  if (!no_space) failed_ = true;
  return no_space ? QueueError::disk_full : QueueError::io_error;
}

std::optional<QueueError> SegmentWriter::on_synced(std::int64_t result) noexcept {
  SLUICE_ASSERT(syncing_);
  syncing_ = false;
  if (result == -ECANCELED) return std::nullopt;
  if (result < 0 || failed_) {
    // After a failed sync the kernel may have dropped the pages: a second one proves nothing.
    failed_ = true;
    return QueueError::io_error;
  }
  ++syncs_;
  offsets_.set(offsets_.dirty(), offsets_.written(), std::max(sync_covers_, offsets_.durable()));
  lazy_since_.reset();
  if (offsets_.durable() < offsets_.dirty()) lazy_since_ = now_;
  return std::nullopt;
}

std::uint32_t SegmentWriter::file_of(std::uint64_t sequence) noexcept {
  Segment* segment = table_.find(sequence);
  SLUICE_ASSERT(segment != nullptr);
  return segment->file;
}

void SegmentWriter::release(Batch* batch) noexcept {
  batch->clear();
  free_.push_back(batch);
}

bool SegmentWriter::idle() const noexcept {
  if (writing_ != nullptr || syncing_) return false;
  return failed_ || offsets_.durable() == offsets_.dirty();
}

}  // namespace sluice::queueing
