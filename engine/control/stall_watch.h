// Tells when a worker does not come round any more. Only time in which the watching thread came
// round itself counts: a stopped process or machine is no stall.
#pragma once

#include <algorithm>
#include <cstdint>

#include "engine/base/clock.h"

namespace sluice::control {

class StallWatch {
 public:
  // `rounds`: how many the worker has made. True: none for `limit`; 0: never.
  bool stalled(Instant now, std::uint64_t rounds, Duration limit) noexcept {
    const Duration passed = std::min(now - looked_, kLongestLook);
    still_ = rounds == rounds_ ? still_ + passed : Duration{};
    looked_ = now;
    rounds_ = rounds;
    return limit.ns > 0 && still_ >= limit;
  }

 private:
  static constexpr Duration kLongestLook = milliseconds(200);

  Instant looked_{};
  std::uint64_t rounds_ = 0;
  Duration still_{};
};

}  // namespace sluice::control
