// Latencies in fixed memory: 64 steps per power of two, so a quantile is within 1.6 % of the truth.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "engine/base/clock.h"

namespace sluice::load {

class Histogram {
 public:
  void add(Duration value) noexcept {
    const std::uint64_t ns = value.ns < 0 ? 0 : static_cast<std::uint64_t>(value.ns);
    ++counts_[std::min(index_of(ns), counts_.size() - 1)];
    ++count_;
    max_ = std::max(max_, ns);
  }

  std::uint64_t count() const noexcept { return count_; }
  Duration max() const noexcept { return {static_cast<std::int64_t>(max_)}; }

  // The smallest value that at least `share` (0..1) of all values do not exceed, rounded up to its
  // step; zero when there are none.
  Duration quantile(double share) const noexcept {
    const double wanted = share * static_cast<double>(count_);
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size() && count_ > 0; ++i) {
      seen += counts_[i];
      if (seen > 0 && static_cast<double>(seen) >= wanted)
        return {static_cast<std::int64_t>(std::min(upper_bound(i), max_))};
    }
    return {};
  }

 private:
  static constexpr unsigned kStepBits = 6;
  static constexpr std::uint64_t kSteps = 1U << kStepBits;
  static constexpr unsigned kPowers = 36;  // up to 2^41 ns, over half an hour

  // Below kSteps a value is its own index; above, the top kStepBits + 1 bits name the step.
  static std::size_t index_of(std::uint64_t ns) noexcept {
    if (ns < kSteps) return ns;
    const unsigned shift = static_cast<unsigned>(std::bit_width(ns)) - 1 - kStepBits;
    return (shift + 1) * kSteps + (ns >> shift) - kSteps;
  }
  static std::uint64_t upper_bound(std::size_t index) noexcept {
    if (index < kSteps) return index;
    const std::uint64_t shift = index / kSteps - 1;
    return ((index % kSteps + kSteps + 1) << shift) - 1;
  }

  std::array<std::uint64_t, (kPowers + 1) * kSteps> counts_{};
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace sluice::load
