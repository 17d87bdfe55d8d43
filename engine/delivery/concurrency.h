// How many connections at once a destination is given: it starts low, grows by one each time that
// all of them have brought a message, and is halved when the peer shows that they are too many.
#pragma once

#include <algorithm>
#include <cstdint>

namespace sluice::delivery {

class Concurrency {
 public:
  std::uint32_t allowed(std::uint32_t first, std::uint32_t most) const noexcept {
    return std::min(allowed_ == 0 ? first : allowed_, most);
  }
  // A message went through, while `used` connections were open.
  void succeeded(std::uint32_t used, std::uint32_t first, std::uint32_t most) noexcept {
    allowed_ = allowed(first, most);
    if (used < allowed_ || ++successes_ < allowed_) return;
    successes_ = 0;
    allowed_ = std::min(allowed_ + 1, most);
  }
  // The peer has refused one of `used` connections because there are others.
  void pushed_back(std::uint32_t used) noexcept {
    allowed_ = std::max<std::uint32_t>(used / 2, 1);
    successes_ = 0;
  }

 private:
  std::uint32_t allowed_ = 0;    // 0 = nothing is known yet
  std::uint32_t successes_ = 0;  // since the last change
};

}  // namespace sluice::delivery
