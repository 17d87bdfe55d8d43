// The table from score to SCL. Scores are summed in thousandths: exact, in any order.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <span>

namespace sluice::scan {

using MilliScore = std::int64_t;

inline MilliScore milli_score(double score) noexcept { return std::llround(score * 1'000); }

class SclTable {
 public:
  // lowest[n - 1] is the lowest score of SCL n; missing entries are never reached.
  explicit SclTable(std::span<const double> lowest) noexcept {
    lowest_.fill(INT64_MAX);
    for (std::size_t i = 0; i < lowest.size() && i < lowest_.size(); ++i)
      lowest_[i] = milli_score(lowest[i]);
  }

  std::int8_t scl(MilliScore score) const noexcept {
    std::int8_t scl = 0;
    for (const MilliScore lowest : lowest_)
      if (score >= lowest) ++scl;
    return scl;
  }

 private:
  std::array<MilliScore, 9> lowest_;
};

}  // namespace sluice::scan
