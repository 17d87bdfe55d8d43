#include "queueing/rewriter.h"

#include <algorithm>
#include <utility>

#include "engine/base/contract.h"
#include "queueing/cleaner.h"

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
  if (now < paused_until_ || moves_.size() >= kMovesMax) return;
  if (victim_ == 0) {
    victim_ = victim();
    cursor_ = 0;
    found_any_ = false;
  }
  if (victim_ != 0) pick(now);
}

// The segment to be emptied; 0: none is worth it. There is a reason when more than half of the log
// is dead, or it is about to reach its limit. The tail gives room back to the file system; as long
// as others are dead already, they are written over and nothing needs to be moved.
std::uint64_t Rewriter::victim() noexcept {
  const bool mostly_dead =
      table_.size() > kShortLog && table_.live_bytes() * 2 < table_.size() * options_.segment_bytes;
  if (table_.size() < 2 || (!mostly_dead && table_.size() + 2 < options_.segments_max)) return 0;
  const Segment& tail = table_.tail();
  if (tail.references > 0 && tail.live_bytes * 2 < options_.segment_bytes) return tail.sequence;
  if (table_.clean() != 0 ||
      Cleaner::choose(options_, table_, writer_.offsets().durable()) != nullptr)
    return 0;
  const Segment* least = nullptr;
  for (std::size_t i = 0; i + 1 < table_.size(); ++i) {
    const Segment& segment = table_.at(i);
    if (segment.references == 0) continue;
    if (least == nullptr || segment.live_bytes < least->live_bytes) least = &segment;
  }
  const bool much_dead = least != nullptr && least->live_bytes < options_.segment_bytes / 4 * 3;
  return much_dead ? least->sequence : 0;
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
    index_.note_place(*live);
  }
}

// Looks for the next message with a record in the victim.
void Rewriter::pick(Instant now) noexcept {
  if (cursor_ >= index_.slots()) {
    if (!moves_.empty()) return;
    if (!found_any_) paused_until_ = now + kPause;
    victim_ = 0;
    return;
  }
  LiveMessage* live = index_.next_in_segment(victim_, cursor_, kSlotsPerStep);
  if (live == nullptr || !live->durable) return;
  found_any_ = true;
  moving_ = true;
  moved_ = 0;
  move_ = {.mid = live->message.mid};
  step(now);
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

bool Rewriter::append_commit(LiveMessage& live, Move& move) noexcept {
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
  table_.note_record(location->sequence, move.mid, live.trail);
  move.commit = *location;
  move.durable_at = writer_.offsets().dirty();
  return true;
}

// A move whose chunks are the old ones. Moves that overlap end in the order of their records, and
// each holds references of its own, so the last record and the index always say the same.
bool Rewriter::recommit(LiveMessage& live) noexcept {
  Move move{.mid = live.message.mid, .chunks = live.chunks};
  if (!append_commit(live, move)) return false;
  for (const Location& chunk : move.chunks) table_.reference(chunk);
  moves_.push(std::move(move));
  return true;
}

bool Rewriter::bury(const Sequel& sequel) noexcept {
  const OutcomeRecord outcome{kAllRecipients, {.status = RecipientStatus::deleted}};
  const auto location = writer_.append(RecordType::outcome, sequel.mid, kOutcomeBytes,
                                       [&](MutableBytes into) { encode(outcome, into); });
  RecordTrail trail{.first = sequel.first};
  if (location) table_.note_record(location->sequence, sequel.mid, trail);
  return location.has_value();
}

void Rewriter::give_up(Instant now) noexcept {
  for (const Location& chunk : move_.chunks) table_.release(chunk);
  moving_ = false;
  move_ = {};
  victim_ = 0;
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
