#include "engine/base/timer_wheel.h"

#include <algorithm>
#include <bit>

namespace sluice {

TimerWheel::TimerWheel(Instant start) : current_(tick_of(start)), target_(current_) {}

std::uint64_t TimerWheel::tick_of(Instant t) noexcept {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(t.ns, 0)) >> kTickBits;
}

void TimerWheel::set(Timer& timer, Instant due) noexcept {
  timer.link.unlink();
  timer.due = due;
  place(timer, std::min(current_ + 1, target_));  // not into a slot that is being left
}

// A timer stands at the lowest level whose 256 slots reach it from the current one.
void TimerWheel::place(Timer& timer, std::uint64_t earliest) noexcept {
  constexpr std::uint64_t kHorizon = (1ULL << (kLevels * kSlotBits)) - 1;
  const std::uint64_t due = std::max(tick_of(timer.due), earliest);
  const std::uint64_t at = std::min(due, current_ + kHorizon);
  int level = 0;
  while (level + 1 < kLevels &&
         (at >> (level * kSlotBits)) - (current_ >> (level * kSlotBits)) >= kSlots)
    ++level;
  const std::uint64_t index = (at >> (level * kSlotBits)) & (kSlots - 1);
  levels_[level].slots[index].push_back(timer);
  levels_[level].occupied[index / 64] |= 1ULL << (index % 64);
  if (at == current_) next_in_slot_ = std::min(next_in_slot_, timer.due);
}

// Timers of a higher level move down when the wheel reaches their slot.
void TimerWheel::cascade(int level) noexcept {
  const std::uint64_t index = (current_ >> (level * kSlotBits)) & (kSlots - 1);
  if (index == 0 && level + 1 < kLevels) cascade(level + 1);
  Slot moving;
  while (Timer* timer = levels_[level].slots[index].pop_front()) moving.push_back(*timer);
  while (Timer* timer = moving.pop_front()) place(*timer, current_);
}

// Runs what is due in the slot; the rest stays.
std::size_t TimerWheel::run(Slot& slot, Instant now) noexcept {
  Slot due;
  next_in_slot_ = Instant::never();
  for (Timer* timer = slot.front(); timer != nullptr;) {
    Timer* const next = slot.next(*timer);
    if (timer->due <= now) {
      Slot::remove(*timer);
      due.push_back(*timer);
    } else {
      next_in_slot_ = std::min(next_in_slot_, timer->due);
    }
    timer = next;
  }
  std::size_t fired = 0;
  while (Timer* timer = due.pop_front()) {
    ++fired;
    timer->callback(*timer, now);
  }
  return fired;
}

std::size_t TimerWheel::advance(Instant now) noexcept {
  target_ = std::max(tick_of(now), current_);
  std::size_t fired = 0;
  if (next_in_slot_ <= now) fired += run(levels_[0].slots[current_ & (kSlots - 1)], now);
  while (current_ < target_) {
    current_ = next_tick();
    if ((current_ & (kSlots - 1)) == 0) cascade(1);
    fired += run(levels_[0].slots[current_ & (kSlots - 1)], now);
  }
  return fired;
}

// The next tick at which something may have to be done: a timer's, or that of a cascade.
std::uint64_t TimerWheel::next_tick() const noexcept {
  const std::uint64_t boundary = (current_ | (kSlots - 1)) + 1;
  const std::uint64_t occupied = current_ + 1 + slots_to_next(0, current_ + 1);
  return std::min({occupied, boundary, target_});
}

// From slot number `from` of the level to the next one that has timers; kSlots when none has.
std::uint64_t TimerWheel::slots_to_next(int level, std::uint64_t from) const noexcept {
  Level& here = levels_[level];
  for (std::uint64_t ahead = 0; ahead < kSlots;) {
    const std::uint64_t first = (from + ahead) & (kSlots - 1);
    std::uint64_t& word = here.occupied[first / 64];
    const std::uint64_t bits = word >> (first % 64);
    if (bits == 0) {
      ahead += 64 - first % 64;
      continue;
    }
    ahead += static_cast<std::uint64_t>(std::countr_zero(bits));
    const std::uint64_t index = (from + ahead) & (kSlots - 1);
    if (ahead < kSlots && !here.slots[index].empty()) return ahead;
    word &= ~(1ULL << (index % 64));
  }
  return kSlots;
}

TimerWheel::Slot* TimerWheel::first_slot(int level) const noexcept {
  const std::uint64_t from = current_ >> (level * kSlotBits);
  const std::uint64_t ahead = slots_to_next(level, from);
  return ahead == kSlots ? nullptr : &levels_[level].slots[(from + ahead) & (kSlots - 1)];
}

Instant TimerWheel::next_due() const noexcept {
  Instant earliest = Instant::never();
  for (int level = 0; level < kLevels; ++level) {
    Slot* slot = first_slot(level);
    Timer* timer = slot == nullptr ? nullptr : slot->front();
    for (; timer != nullptr; timer = slot->next(*timer)) earliest = std::min(earliest, timer->due);
  }
  return earliest;
}

}  // namespace sluice
