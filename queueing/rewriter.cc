#include "queueing/rewriter.h"

#include <algorithm>
#include <utility>

#include "engine/base/contract.h"

namespace sluice::queueing {

Rewriter::Rewriter(const ShardOptions& options, LogDevice::Token read_kind, LogDevice& device,
                   LiveIndex& index, SegmentTable& table, SegmentWriter& writer)
    : options_(options),
      index_(index),
      table_(table),
      writer_(writer),
      reader_(1, read_kind, device, index, table),
      buffer_(kChunkBytesMax) {}

void Rewriter::poll(Instant now) noexcept {
  settle();
  if (moving_) return take_chunk(now);
  if (now < paused_until_ || moves_.size() >= kMovesMax || !wanted()) return;
  pick(now);
}

// More than half of the log is dead, or it is about to reach its limit.
bool Rewriter::wanted() noexcept {
  Segment& tail = table_.tail();
  if (tail.references == 0 || table_.size() < 2) return false;
  if (table_.size() > kShortLog && table_.live_bytes() * 2 < table_.size() * options_.segment_bytes)
    return true;
  return table_.size() + 2 >= options_.segments_max &&
         tail.live_bytes < options_.segment_bytes / 4 * 3;
}

void Rewriter::settle() noexcept {
  while (!moves_.empty() && moves_.front().durable_at <= writer_.offsets().durable()) {
    Move move = moves_.pop();
    LiveMessage* live = index_.find(move.mid);
    if (live == nullptr) {  // finished meanwhile
      forget(move);
      continue;
    }
    table_.release(live->commit);
    for (const Location& chunk : live->chunks) table_.release(chunk);
    live->commit = move.commit;
    live->chunks = std::move(move.chunks);
  }
}

// Looks for the next message with a record in the tail.
void Rewriter::pick(Instant now) noexcept {
  if (cursor_ >= index_.slots()) {
    if (!moves_.empty()) return;
    if (!found_any_) paused_until_ = now + kPause;
    found_any_ = false;
    cursor_ = 0;
  }
  const std::size_t end = std::min(index_.slots(), cursor_ + kSlotsPerStep);
  while (cursor_ < end) {
    LiveMessage* live = index_.at(cursor_++);
    if (live == nullptr || !live->durable || !lies_in_tail(*live)) continue;
    found_any_ = true;
    moving_ = true;
    moved_ = 0;
    move_ = {.mid = live->message.mid};
    return step(now);
  }
}

bool Rewriter::lies_in_tail(const LiveMessage& live) noexcept {
  const std::uint64_t tail = table_.tail().sequence;
  return live.commit.sequence == tail ||
         std::ranges::any_of(live.chunks,
                             [&](const Location& chunk) { return chunk.sequence == tail; });
}

// Asks for the next chunk, or appends the commit record behind the last one.
void Rewriter::step(Instant now) noexcept {
  LiveMessage* live = index_.find(move_.mid);
  if (live == nullptr) return give_up(now);
  const std::size_t next = move_.chunks.size();
  if (next == live->chunks.size()) {
    if (!append_commit(*live, move_)) return give_up(now);
    writer_.want_durable();
    moves_.push(std::move(move_));
    moving_ = false;
    return;
  }
  const std::uint32_t length = live->chunks[next].length;
  const bool started = reader_.start(*live, moved_, {buffer_.data(), length}, length);
  SLUICE_ASSERT(started);
  moved_ += length;
}

void Rewriter::take_chunk(Instant now) noexcept {
  Shard::ReadDone done;
  if (!reader_.next(done)) return;
  if (std::exchange(lost_, false) || !done.octets || *done.octets != done.token)
    return give_up(now);
  auto location = writer_.append(RecordType::chunk, move_.mid, done.token, [&](MutableBytes into) {
    std::copy_n(buffer_.data(), into.size(), into.data());
  });
  if (!location) return give_up(now);
  table_.reference(*location);
  move_.chunks.push_back(*location);
  step(now);
}

bool Rewriter::append_commit(const LiveMessage& live, Move& move) noexcept {
  const QueuedMessage& message = live.message;
  const CommitRecord commit{
      .icid = message.icid,
      .received = message.received,
      .body_size = message.body_size,
      .scl = message.scl,
      .direction = message.direction,
      .stage = message.stage,
      .recipient_count = static_cast<std::uint32_t>(message.recipients.size()),
      .chunks = move.chunks,
      .progress = message.recipients,
      .envelope = message.envelope.encoded(),
      .added_header = as_bytes(message.added_header)};
  auto location = writer_.append(RecordType::commit, move.mid, encoded_bytes(commit),
                                 [&](MutableBytes into) { encode(commit, into); });
  if (!location) return false;
  table_.reference(*location);
  move.commit = *location;
  move.durable_at = writer_.offsets().dirty();
  return true;
}

// A move whose chunks are the old ones. Moves that overlap end in the order of their records, and
// each holds references of its own, so the last record and the index always say the same.
bool Rewriter::recommit(const LiveMessage& live) noexcept {
  Move move{.mid = live.message.mid, .chunks = live.chunks};
  if (!append_commit(live, move)) return false;
  for (const Location& chunk : move.chunks) table_.reference(chunk);
  moves_.push(std::move(move));
  return true;
}

void Rewriter::give_up(Instant now) noexcept {
  for (const Location& chunk : move_.chunks) table_.release(chunk);
  moving_ = false;
  move_ = {};
  paused_until_ = now + kPause;
}

void Rewriter::forget(const Move& move) noexcept {
  table_.release(move.commit);
  for (const Location& chunk : move.chunks) table_.release(chunk);
}

void Rewriter::fail() noexcept {
  while (!moves_.empty()) forget(moves_.pop());
  // A move being made ends when its read comes back: its first records may be lost.
  if (moving_) lost_ = true;
}

}  // namespace sluice::queueing
