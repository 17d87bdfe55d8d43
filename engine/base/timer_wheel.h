// Hierarchical timer wheel: O(1) to set, move and cancel; one per core, driven by advance().
// 4 levels of 256 slots; the resolution is one tick (default 1 ms); a timer never fires early.
#pragma once

#include <array>
#include <cstdint>

#include "engine/base/clock.h"
#include "engine/base/intrusive_list.h"

namespace sluice {

// Embedded in what it times. The owner outlives it or cancels it.
struct Timer {
  using Callback = void (*)(Timer&, Instant now);
  explicit Timer(Callback callback_in = nullptr, void* owner_in = nullptr)
      : callback(callback_in), owner(owner_in) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer() { link.unlink(); }

  bool armed() const noexcept { return link.linked(); }
  void cancel() noexcept { link.unlink(); }

  ListLink link;
  Instant due{};
  Callback callback;
  void* owner;
};

class TimerWheel {
 public:
  explicit TimerWheel(Instant start = {}, Duration tick = milliseconds(1));
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  // (Re)arms; a due time in the past fires at the next advance().
  void set(Timer& timer, Instant due) noexcept;
  // Runs every timer due at or before now, in slot order. Callbacks may set and cancel any timer.
  // Returns how many ran.
  std::size_t advance(Instant now) noexcept;
  // A lower bound of the next due time, exact within the lowest level; never() when nothing is set.
  Instant next_due() const noexcept;

 private:
  static constexpr int kLevels = 4;
  static constexpr int kSlotBits = 8;
  static constexpr std::uint64_t kSlots = 1u << kSlotBits;
  using Slot = IntrusiveList<Timer, &Timer::link>;

  std::uint64_t tick_of(Instant t) const noexcept;
  void place(Timer& timer) noexcept;
  void cascade(int level) noexcept;

  std::int64_t tick_ns_;
  std::uint64_t current_;  // the tick that has run
  mutable std::array<std::array<Slot, kSlots>, kLevels> slots_;
};

}  // namespace sluice
