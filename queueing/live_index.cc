#include "queueing/live_index.h"

#include <algorithm>
#include <bit>

#include "engine/base/contract.h"

namespace sluice::queueing {

LiveIndex::LiveIndex(std::size_t capacity)
    : capacity_(capacity),
      buckets_(std::bit_ceil(std::max<std::size_t>(capacity, 8) * 2), kEmpty) {}

LiveMessage* LiveIndex::at(std::size_t slot) noexcept {
  return mids_[slot] == 0 ? nullptr : &entry(static_cast<std::uint32_t>(slot));
}

LiveMessage& LiveIndex::insert(Mid mid) {
  SLUICE_ASSERT(mid != 0);
  if ((size_ + 1) * 2 > buckets_.size()) grow_table();
  const std::size_t bucket = locate(mid);
  SLUICE_ASSERT(buckets_[bucket] == kEmpty);
  if (free_.empty()) add_page();
  const std::uint32_t slot = free_.back();
  free_.pop_back();
  buckets_[bucket] = slot;
  mids_[slot] = mid;
  ++size_;
  LiveMessage& live = entry(slot);
  live.slot = slot;
  live.message.mid = mid;
  return live;
}

LiveMessage* LiveIndex::find(Mid mid) noexcept {
  const std::uint32_t slot = buckets_[locate(mid)];
  return slot == kEmpty ? nullptr : &entry(slot);
}

void LiveIndex::erase(LiveMessage& live) noexcept {
  const std::uint32_t slot = live.slot;
  unlink_bucket(locate(live.message.mid));
  if (due_.contains(slot)) due_.remove(slot);
  if (unscanned_.contains(slot)) unscanned_.remove(slot);
  unlist_recipients(live);
  mids_[slot] = 0;
  places_[slot] = {};
  live.trail = {};
  --size_;
  if (live.durable) --size_of_queue(live);
  live.durable = false;
  live.pending = 0;
  live.message.leased = false;
  live.resident.clear();
  if (free_.size() < kWarmEntries) {
    live.message.envelope.clear();
    live.message.added_header.clear();
    live.message.recipients.clear();
    live.message.answers.clear();
    live.chunks.clear();
  } else {
    live = LiveMessage{};
  }
  free_.push_back(slot);
}

void LiveIndex::note_place(const LiveMessage& live) noexcept {
  Place place{live.commit.sequence, live.commit.sequence};
  for (const Location& chunk : live.chunks) {
    place.first = std::min(place.first, chunk.sequence);
    place.last = std::max(place.last, chunk.sequence);
  }
  places_[live.slot] = place;
}

LiveMessage* LiveIndex::next_in_segment(std::uint64_t sequence, std::size_t& slot,
                                        std::size_t count) {
  for (const std::size_t end = std::min(places_.size(), slot + count); slot < end;) {
    const Place& place = places_[slot++];
    if (place.first > sequence || place.last < sequence) continue;
    LiveMessage& live = entry(static_cast<std::uint32_t>(slot - 1));
    const auto lies_there = [&](const Location& record) { return record.sequence == sequence; };
    if (lies_there(live.commit) || std::ranges::any_of(live.chunks, lies_there)) return &live;
  }
  return nullptr;
}

void LiveIndex::set_recipients(LiveMessage& live, std::uint32_t count) {
  live.message.recipients.assign(count, {});
  live.pending = count;
}

bool LiveIndex::visit(std::size_t& cursor, std::size_t count, const MessageVisitor& visit) {
  const std::size_t end = std::min(mids_.size(), cursor + count);
  for (; cursor < end; ++cursor) {
    if (mids_[cursor] == 0) continue;
    const LiveMessage& live = entry(static_cast<std::uint32_t>(cursor));
    if (live.durable) visit(live.message);
  }
  return cursor < mids_.size();
}

std::size_t LiveIndex::bucket_of(Mid mid) const noexcept {
  return (mid * 0x9e3779b97f4a7c15ULL) >> (64 - std::countr_zero(buckets_.size()));
}

std::size_t LiveIndex::locate(Mid mid) const noexcept {
  std::size_t bucket = bucket_of(mid);
  while (buckets_[bucket] != kEmpty && mids_[buckets_[bucket]] != mid)
    bucket = (bucket + 1) & (buckets_.size() - 1);
  return bucket;
}

// Moves back what probed over the hole, so that no tombstones are needed.
void LiveIndex::unlink_bucket(std::size_t hole) noexcept {
  SLUICE_ASSERT(buckets_[hole] != kEmpty);
  const std::size_t mask = buckets_.size() - 1;
  for (std::size_t next = (hole + 1) & mask; buckets_[next] != kEmpty; next = (next + 1) & mask) {
    const std::size_t home = bucket_of(mids_[buckets_[next]]);
    if (((next - home) & mask) < ((next - hole) & mask)) continue;
    buckets_[hole] = buckets_[next];
    hole = next;
  }
  buckets_[hole] = kEmpty;
}

void LiveIndex::grow_table() {
  buckets_.assign(buckets_.size() * 2, kEmpty);
  for (std::uint32_t slot = 0; slot < mids_.size(); ++slot)
    if (mids_[slot] != 0) buckets_[locate(mids_[slot])] = slot;
}

void LiveIndex::add_page() {
  const auto first = static_cast<std::uint32_t>(mids_.size());
  pages_.push_back(std::make_unique<LiveMessage[]>(kPageEntries));
  mids_.resize(first + kPageEntries, 0);
  places_.resize(first + kPageEntries);
  for (std::uint32_t i = kPageEntries; i > 0; --i) free_.push_back(first + i - 1);
}

}  // namespace sluice::queueing
