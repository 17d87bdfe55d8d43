#include "engine/base/timer_wheel.h"

#include <algorithm>

namespace sluice {

TimerWheel::TimerWheel(Instant start, Duration tick) : tick_ns_(tick.ns) {
  current_ = static_cast<std::uint64_t>(start.ns / tick_ns_);
}

// Rounds up, so that a timer never fires before it is due.
std::uint64_t TimerWheel::tick_of(Instant t) const noexcept {
  if (t.ns <= 0) return 0;
  return static_cast<std::uint64_t>((t.ns - 1) / tick_ns_ + 1);
}

void TimerWheel::set(Timer& timer, Instant due) noexcept {
  timer.link.unlink();
  timer.due = due;
  place(timer);
}

void TimerWheel::place(Timer& timer) noexcept {
  const std::uint64_t due = std::max(tick_of(timer.due), current_ + 1);
  constexpr std::uint64_t kHorizon = (1ULL << (kLevels * kSlotBits)) - 1;
  const std::uint64_t at = std::min(due, current_ + 1 + kHorizon);
  const std::uint64_t distance = at - (current_ + 1);  // from the next tick that will run
  int level = 0;
  while (level + 1 < kLevels && distance >= (1ULL << ((level + 1) * kSlotBits))) ++level;
  slots_[level][(at >> (level * kSlotBits)) & (kSlots - 1)].push_back(timer);
}

// Timers of a higher level move down when the wheel reaches their slot.
void TimerWheel::cascade(int level) noexcept {
  const std::uint64_t index = (current_ >> (level * kSlotBits)) & (kSlots - 1);
  if (index == 0 && level + 1 < kLevels) cascade(level + 1);
  Slot& slot = slots_[level][index];
  IntrusiveList<Timer, &Timer::link> moving;
  while (Timer* timer = slot.pop_front()) moving.push_back(*timer);
  // place() relative to the tick before, so that a timer due now lands in the slot that runs next.
  --current_;
  while (Timer* timer = moving.pop_front()) place(*timer);
  ++current_;
}

std::size_t TimerWheel::advance(Instant now) noexcept {
  const auto target = static_cast<std::uint64_t>(std::max<std::int64_t>(now.ns, 0) / tick_ns_);
  std::size_t fired = 0;
  while (current_ < target) {
    ++current_;
    if ((current_ & (kSlots - 1)) == 0) cascade(1);
    Slot& slot = slots_[0][current_ & (kSlots - 1)];
    // A callback may re-arm into this same slot only for a later round: run what is there now.
    IntrusiveList<Timer, &Timer::link> running;
    while (Timer* timer = slot.pop_front()) running.push_back(*timer);
    while (Timer* timer = running.pop_front()) {
      ++fired;
      timer->callback(*timer, now);
    }
  }
  return fired;
}

Instant TimerWheel::next_due() const noexcept {
  for (std::uint64_t i = 1; i < kSlots; ++i) {
    if (!slots_[0][(current_ + i) & (kSlots - 1)].empty())
      return {static_cast<std::int64_t>(current_ + i) * tick_ns_};
    if (((current_ + i) & (kSlots - 1)) == 0)  // higher levels cascade here
      return {static_cast<std::int64_t>(current_ + i) * tick_ns_};
  }
  return {static_cast<std::int64_t>(current_ + kSlots) * tick_ns_};
}

}  // namespace sluice
