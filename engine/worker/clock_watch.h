// Notices that the wall clock was set: it has moved otherwise than the monotonic clock. Slewing and
// small steps do not count.
#pragma once

#include "engine/base/clock.h"

namespace sluice::worker {

class ClockWatch {
 public:
  static constexpr Duration kLeast = seconds(10);

  ClockWatch(Instant now, WallTime wall) : now_(now), wall_(wall) {}

  // How far it was set forward since the last look (back: negative); 0 = it was not.
  Duration look(Instant now, WallTime wall) noexcept {
    const Duration by = (wall - wall_) - (now - now_);
    now_ = now;
    wall_ = wall;
    return by > kLeast || by < Duration{} - kLeast ? by : Duration{};
  }
  WallTime wall() const noexcept { return wall_; }

 private:
  Instant now_;
  WallTime wall_;
};

}  // namespace sluice::worker
