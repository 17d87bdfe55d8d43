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
  mids_[slot] = 0;
  --size_;
  if (live.durable) --durable_;
  live.durable = false;
  live.pending = 0;
  live.message.leased = false;
  live.resident.clear();
  if (free_.size() < kWarmEntries) {
    live.message.envelope.clear();
    live.message.added_header.clear();
    live.message.recipients.clear();
    live.chunks.clear();
  } else {
    live = LiveMessage{};
  }
  free_.push_back(slot);
}

void LiveIndex::set_durable(LiveMessage& live, WallTime due) {
  SLUICE_ASSERT(!live.durable);
  live.durable = true;
  ++durable_;
  due_.insert(live.slot, due);
}

bool LiveIndex::apply(LiveMessage& live, Rid rid, const RecipientProgress& progress) noexcept {
  auto& recipients = live.message.recipients;
  const bool pending = progress.status == RecipientStatus::pending;
  if (rid == kAllRecipients) {
    for (RecipientProgress& each : recipients) each = progress;
    live.pending = pending ? static_cast<std::uint32_t>(recipients.size()) : 0;
    return true;
  }
  if (rid >= recipients.size()) return false;
  if (recipients[rid].status == RecipientStatus::pending) --live.pending;
  if (pending) ++live.pending;
  recipients[rid] = progress;
  return true;
}

LiveMessage* LiveIndex::next_due(WallTime now) noexcept {
  if (due_.empty() || due_.top().due > now) return nullptr;
  const DueHeap::Item item = due_.top();
  due_.remove(item.slot);
  LiveMessage& live = entry(item.slot);
  live.message.leased = true;
  // A flush has moved only the heap: the recipients follow when their message is taken.
  if (item.due < earliest_attempt(live.message))
    for (RecipientProgress& recipient : live.message.recipients)
      recipient.next_attempt = std::min(recipient.next_attempt, item.due);
  return &live;
}

void LiveIndex::set_recipients(LiveMessage& live, std::uint32_t count) {
  live.message.recipients.assign(count, {});
  live.pending = count;
}

WallTime LiveIndex::earliest_due() const noexcept {
  return due_.empty() ? WallTime{INT64_MAX} : due_.top().due;
}

void LiveIndex::unlease(LiveMessage& live) {
  SLUICE_ASSERT(live.message.leased && live.pending > 0);
  live.message.leased = false;
  due_.insert(live.slot, earliest_attempt(live.message));
}

// Pages of the smallest MIDs that are left, found by one pass each over a plain array: no order has
// to be kept while mail flows.
void LiveIndex::visit(Mid from, bool (*visit)(const QueuedMessage&, void*), void* context) {
  constexpr std::size_t kPage = 1024;
  std::vector<Mid> page;
  for (;;) {
    page.clear();
    for (const Mid mid : mids_) {
      if (mid < from || mid == 0) continue;
      if (page.size() == kPage) {
        if (mid > page.front()) continue;
        std::ranges::pop_heap(page);
        page.pop_back();
      }
      page.push_back(mid);
      std::ranges::push_heap(page);
    }
    std::ranges::sort(page);
    for (const Mid mid : page) {
      const LiveMessage* live = find(mid);
      if (live->durable && !visit(live->message, context)) return;
    }
    if (page.size() < kPage) return;
    from = page.back() + 1;
  }
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
  for (std::uint32_t i = kPageEntries; i > 0; --i) free_.push_back(first + i - 1);
}

WallTime earliest_attempt(const QueuedMessage& message) noexcept {
  WallTime earliest{INT64_MAX};
  for (const RecipientProgress& recipient : message.recipients)
    if (recipient.status == RecipientStatus::pending)
      earliest = std::min(earliest, recipient.next_attempt);
  return earliest;
}

}  // namespace sluice::queueing
