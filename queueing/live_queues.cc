// The order of the queues: what is due, what waits for a scan, what the operator holds.
#include <algorithm>

#include "engine/base/contract.h"
#include "queueing/live_index.h"

namespace sluice::queueing {
namespace {

bool is_pending(const RecipientProgress& recipient) noexcept {
  return recipient.status == RecipientStatus::pending;
}

// Of the pending recipients, held ones or not.
WallTime earliest_attempt(const QueuedMessage& message) noexcept {
  WallTime earliest{INT64_MAX};
  for (const RecipientProgress& recipient : message.recipients)
    if (is_pending(recipient)) earliest = std::min(earliest, recipient.next_attempt);
  return earliest;
}

// What was never tried is in the order of its arrival.
WallTime due_time(const QueuedMessage& message, WallTime earliest_attempt) noexcept {
  return earliest_attempt.ns == 0 ? message.received : earliest_attempt;
}

}  // namespace

void LiveIndex::set_durable(LiveMessage& live) {
  SLUICE_ASSERT(!live.durable);
  live.durable = true;
  ++size_of_queue(live);
  if (live.message.stage == Stage::delivery) list_recipients(live);
  schedule(live);
}

bool LiveIndex::apply(LiveMessage& live, Rid rid, const RecipientProgress& progress) noexcept {
  auto& recipients = live.message.recipients;
  if (rid == kAllRecipients) {
    for (Rid each = 0; each < recipients.size(); ++each) apply(live, each, progress);
    return true;
  }
  if (rid >= recipients.size()) return false;
  RecipientProgress& recipient = recipients[rid];
  if (is_pending(recipient)) --live.pending;
  if (is_pending(progress)) ++live.pending;
  std::uint32_t listed = recipient.listed;
  if (listed != kNotListed && !is_pending(progress)) {
    hosts_.remove(listed);
    listed = kNotListed;
  }
  recipient = progress;
  recipient.listed = listed;
  return true;
}

void LiveIndex::set_stage(LiveMessage& live, Stage stage) {
  SLUICE_ASSERT(live.durable);
  if (live.message.stage == stage) return;
  const std::uint32_t slot = live.slot;
  if (due_.contains(slot)) due_.remove(slot);
  if (unscanned_.contains(slot)) unscanned_.remove(slot);
  --size_of_queue(live);
  live.message.stage = stage;
  ++size_of_queue(live);
  if (stage == Stage::delivery)
    list_recipients(live);
  else
    unlist_recipients(live);
  if (!live.message.leased) schedule(live);
}

void LiveIndex::list_recipients(LiveMessage& live) {
  auto& recipients = live.message.recipients;
  live.message.envelope.for_each_recipient([&](Rid rid, const mail::Recipient& recipient) {
    if (is_pending(recipients[rid]))
      recipients[rid].listed = hosts_.add(recipient.address, live.slot, rid);
  });
}

void LiveIndex::unlist_recipients(LiveMessage& live) noexcept {
  for (RecipientProgress& recipient : live.message.recipients) {
    if (recipient.listed != kNotListed) hosts_.remove(recipient.listed);
    recipient.listed = kNotListed;
  }
}

// Puts a message where it will be found in time. What is held goes to its host's parked list, and a
// message of which all is held is nowhere else: however many there are, they cost nothing.
void LiveIndex::schedule(LiveMessage& live) {
  QueuedMessage& message = live.message;
  if (message.stage == Stage::held || message.stage == Stage::poison) return;
  if (message.stage == Stage::scan)
    return unscanned_.insert(live.slot, due_time(message, earliest_attempt(message)));
  WallTime due{INT64_MAX};
  bool any = false;
  for (RecipientProgress& recipient : message.recipients) {
    if (!is_pending(recipient)) continue;
    recipient.held = hosts_.host(recipient.listed).held;
    if (recipient.held) {
      hosts_.park(recipient.listed);
    } else {
      any = true;
      due = std::min(due, recipient.next_attempt);
    }
  }
  if (any) due_.insert(live.slot, std::min(due_time(message, due), notice_time(message)));
}

void LiveIndex::set_delay_notice(Duration age) noexcept {
  if (delay_notice_ == age) return;
  delay_notice_ = age;
  for (std::uint32_t slot = 0; slot < mids_.size(); ++slot)
    if (due_.contains(slot)) due_.make_earlier(slot, notice_time(entry(slot).message));
}

// When the sender is to be told that the message waits; never when there is nobody to tell, or
// nothing yet.
WallTime LiveIndex::notice_time(const QueuedMessage& message) const noexcept {
  constexpr WallTime kNever{INT64_MAX};
  if (delay_notice_.ns == 0 || message.envelope.reverse_path().empty()) return kNever;
  const bool news = std::ranges::any_of(message.recipients, [](const RecipientProgress& r) {
    return is_pending(r) && !r.held && r.attempts > 0 && !r.delay_told;
  });
  return news ? message.received + delay_notice_ : kNever;
}

LiveMessage* LiveIndex::next_due(WallTime now) noexcept {
  for (int looks = 0; looks < kHeldPerCall; ++looks) {
    if (due_.empty() || due_.top().due > now) return nullptr;
    const DueHeap::Item item = due_.top();
    due_.remove(item.slot);
    LiveMessage& live = entry(item.slot);
    WallTime earliest{INT64_MAX};
    bool any = false;
    for (RecipientProgress& recipient : live.message.recipients) {
      if (!is_pending(recipient)) continue;
      recipient.held = hosts_.host(recipient.listed).held;
      any = any || !recipient.held;
      if (!recipient.held) earliest = std::min(earliest, recipient.next_attempt);
    }
    if (!any) {
      schedule(live);  // its hosts have been held since: it is parked
      continue;
    }
    // A flush has moved only the heap: the recipients follow when their message is taken.
    if (item.due < earliest && item.due != notice_time(live.message))
      for (RecipientProgress& recipient : live.message.recipients)
        recipient.next_attempt = std::min(recipient.next_attempt, item.due);
    live.message.leased = true;
    return &live;
  }
  return nullptr;
}

LiveMessage* LiveIndex::next_unscanned(WallTime now) noexcept {
  if (unscanned_.empty() || unscanned_.top().due > now) return nullptr;
  LiveMessage& live = entry(unscanned_.top().slot);
  unscanned_.remove(live.slot);
  live.message.leased = true;
  return &live;
}

void LiveIndex::postpone_unscanned(LiveMessage& live, WallTime until) noexcept {
  if (!unscanned_.contains(live.slot)) return;
  unscanned_.remove(live.slot);
  unscanned_.insert(live.slot, until);
}

WallTime LiveIndex::earliest_due() const noexcept {
  return due_.empty() ? WallTime{INT64_MAX} : due_.top().due;
}

WallTime LiveIndex::earliest_unscanned() const noexcept {
  return unscanned_.empty() ? WallTime{INT64_MAX} : unscanned_.top().due;
}

void LiveIndex::unlease(LiveMessage& live) {
  SLUICE_ASSERT(live.message.leased && live.pending > 0);
  live.message.leased = false;
  schedule(live);
}

void LiveIndex::flush(WallTime now) noexcept {
  flush_time_ = now;
  flushed_ = 0;
  flush_end_ = mids_.size();
}

void LiveIndex::make_due(LiveMessage& live, WallTime now) noexcept {
  for (RecipientProgress& recipient : live.message.recipients)
    recipient.next_attempt = std::min(recipient.next_attempt, now);
  if (due_.contains(live.slot)) due_.make_earlier(live.slot, now);
}

// A message that was never tried is due by its arrival, which must not lie in the future.
void LiveIndex::clock_was_set(const ClockChange& change) noexcept {
  const auto moved = [&](WallTime time) { return std::min(time + change.by, change.latest); };
  for (std::uint32_t slot = 0; slot < mids_.size(); ++slot) {
    if (mids_[slot] == 0) continue;
    QueuedMessage& message = entry(slot).message;
    message.received = std::min(message.received, change.now);
    for (RecipientProgress& recipient : message.recipients)
      if (recipient.next_attempt.ns != 0) recipient.next_attempt = moved(recipient.next_attempt);
  }
  for (DueHeap* heap : {&due_, &unscanned_})
    heap->reschedule([&](const DueHeap::Item& item) {
      const QueuedMessage& message = entry(item.slot).message;
      if (earliest_attempt(message).ns == 0) return std::min(item.due, message.received);
      return moved(item.due);
    });
  flush_time_ = std::min(flush_time_, change.now);
}

void LiveIndex::hold(std::string_view name, bool held) {
  HostRecord& host = hosts_.hold(name, held);
  if (!held && host.parked.first != kNotListed) releasing_.push_back(host.name);
}

bool LiveIndex::step() noexcept {
  if (flushed_ < flush_end_) {
    const std::size_t end = std::min(flush_end_, flushed_ + kSlotsPerStep);
    for (; flushed_ < end; ++flushed_) {
      const auto slot = static_cast<std::uint32_t>(flushed_);
      if (due_.contains(slot)) due_.make_earlier(slot, flush_time_);
    }
    return true;
  }
  if (releasing_.empty()) return false;
  HostRecord* host = hosts_.find(releasing_.back());
  if (host == nullptr || host->held || !release_some(*host)) releasing_.pop_back();
  return true;
}

bool LiveIndex::release_some(HostRecord& host) noexcept {
  for (std::size_t i = 0; i < kReleasedPerStep; ++i) {
    const std::uint32_t listed = host.parked.first;
    if (listed == kNotListed) return false;
    hosts_.unpark(listed);
    LiveMessage& live = entry(hosts_.at(listed).slot);
    if (live.message.leased) continue;  // it is scheduled when it comes back
    if (due_.contains(live.slot)) due_.remove(live.slot);
    schedule(live);
  }
  return true;
}

}  // namespace sluice::queueing
