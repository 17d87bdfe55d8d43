#include "engine/net/tcp/time_wait.h"

#include "engine/net/tcp/listener.h"

namespace sluice::net::tcp {
namespace {

std::uint32_t milliseconds_of(Instant t) noexcept {
  return static_cast<std::uint32_t>((t.ns + 999'999) / 1'000'000);
}

}  // namespace

TimeWaitTable::TimeWaitTable(std::size_t capacity, FlowTable& flows, Duration wait)
    : entries_(capacity), flows_(flows), wait_(wait) {
  flows_.attach(FlowKind::time_wait, entries_.data(), sizeof(TimeWait));
}

void TimeWaitTable::enter(const Tcb& tcb, Instant now) noexcept {
  while (entries_.available() == 0) {
    TimeWait& oldest = pop();
    if (!oldest.removed) remove(oldest);
    entries_.release(oldest);
  }
  TimeWait& entry = *entries_.acquire();
  entry.key = tcb.key;
  entry.snd_nxt = tcb.snd_nxt;
  entry.rcv_nxt = tcb.rcv_nxt;
  entry.ts_recent = tcb.ts_recent;
  entry.timestamps = tcb.timestamps;
  entry.window = static_cast<std::uint16_t>(tcb.receive_space() >> tcb.rcv_shift);
  entry.expires_ms = milliseconds_of(now + wait_);
  push(entry);
  flows_.insert(ref(entry));
  ++live_;
}

void TimeWaitTable::restart(TimeWait& entry, Instant now) noexcept {
  entry.expires_ms = milliseconds_of(now + wait_);
  entry.restarted = true;
}

void TimeWaitTable::remove(TimeWait& entry) noexcept {
  flows_.erase(ref(entry));
  entry.removed = true;
  --live_;
}

std::size_t TimeWaitTable::expire(Instant now) noexcept {
  std::size_t count = 0;
  while (TimeWait* oldest = head()) {
    if (oldest->removed) {
      entries_.release(pop());
    } else if (oldest->restarted && !expired(*oldest, now)) {
      oldest->restarted = false;
      push(pop());
    } else if (expired(*oldest, now)) {
      remove(*oldest);
      entries_.release(pop());
      ++count;
    } else {
      break;
    }
  }
  return count;
}

Instant TimeWaitTable::next_deadline(Instant now) const noexcept {
  if (first_ == kNone) return Instant::never();
  const std::int64_t now_ms = now.ns / 1'000'000;
  const TimeWait& oldest = entries_.at(first_);
  const std::uint32_t ahead = oldest.expires_ms - static_cast<std::uint32_t>(now_ms);
  return {(now_ms + static_cast<std::int32_t>(ahead)) * 1'000'000};
}

bool TimeWaitTable::expired(const TimeWait& entry, Instant now) const noexcept {
  const auto now_ms = static_cast<std::uint32_t>(now.ns / 1'000'000);
  return static_cast<std::int32_t>(entry.expires_ms - now_ms) <= 0;
}

bool TimeWaitTable::uses(const Endpoint& local) noexcept {
  bool found = false;
  entries_.for_each([&](const TimeWait& entry) {
    found |= !entry.removed && overlap({entry.key.local, entry.key.local_port}, local);
  });
  return found;
}

void TimeWaitTable::push(TimeWait& entry) noexcept {
  const std::uint32_t index = entries_.index_of(entry);
  entry.next = kNone;
  (last_ == kNone ? first_ : entries_.at(last_).next) = index;
  last_ = index;
}

TimeWait& TimeWaitTable::pop() noexcept {
  TimeWait& entry = entries_.at(first_);
  first_ = entry.next;
  if (first_ == kNone) last_ = kNone;
  return entry;
}

}  // namespace sluice::net::tcp
