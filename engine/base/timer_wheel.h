// Hierarchical timer wheel: O(1) to set, move and cancel; one per core, driven by advance().
// 5 levels of 256 slots of 2^16 ns and up (65 us, 17 ms, 4.3 s, 18 min, 78 h each). A slot is only
// the place where a timer is found: within it each fires at its own due time, neither early nor by
// the width of a slot late.
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
  explicit TimerWheel(Instant start = {});
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  // (Re)arms; a due time in the past fires at the next advance().
  void set(Timer& timer, Instant due) noexcept;
  // Runs every timer due at or before now, slot by slot. Callbacks may set and cancel any timer;
  // what they set for now or earlier waits for the next advance(). Returns how many ran.
  std::size_t advance(Instant now) noexcept;
  // When the first timer is due; never() when none is set.
  Instant next_due() const noexcept;
  // Shows the timers among which the first one is, and perhaps others; `visit` may move or cancel
  // the one it is shown.
  template <typename Visit>
  void visit_first(Visit&& visit) {
    for (int level = 0; level < kLevels; ++level) {
      Slot* slot = first_slot(level);
      if (slot == nullptr) continue;
      for (Timer* timer = slot->front(); timer != nullptr;) {
        Timer* const next = slot->next(*timer);
        visit(*timer);
        timer = next;
      }
    }
  }

 private:
  static constexpr int kTickBits = 16;  // a slot of level 0 is 2^16 ns wide
  static constexpr int kLevels = 5;
  static constexpr int kSlotBits = 8;
  static constexpr std::uint64_t kSlots = 1u << kSlotBits;
  using Slot = IntrusiveList<Timer, &Timer::link>;

  struct Level {
    std::array<Slot, kSlots> slots;
    std::array<std::uint64_t, kSlots / 64> occupied{};  // a bit may outlive the slot's last timer
  };

  static std::uint64_t tick_of(Instant t) noexcept;
  void place(Timer& timer, std::uint64_t earliest) noexcept;
  void cascade(int level) noexcept;
  std::size_t run(Slot& slot, Instant now) noexcept;
  std::uint64_t next_tick() const noexcept;
  std::uint64_t slots_to_next(int level, std::uint64_t from) const noexcept;
  Slot* first_slot(int level) const noexcept;

  std::uint64_t current_;  // the tick whose slot is being looked at; earlier ones are done
  std::uint64_t target_;   // the tick that advance() goes to
  Instant next_in_slot_ = Instant::never();  // nothing in the current slot is due before
  mutable std::array<Level, kLevels> levels_;
};

}  // namespace sluice
