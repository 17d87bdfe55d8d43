// A rate limit with a burst (RFC 4443 2.4 f asks for such a bucket for ICMP errors).
#pragma once

#include <algorithm>

#include "engine/base/clock.h"

namespace sluice::net {

class TokenBucket {
 public:
  TokenBucket(std::uint32_t per_second, std::uint32_t burst) noexcept
      : interval_(Duration{1'000'000'000 / per_second}), tolerance_(interval_ * (burst - 1)) {}

  // Takes a token if there is one.
  bool take(Instant now) noexcept {
    if (next_ > now + tolerance_) return false;
    next_ = std::max(next_, now) + interval_;
    return true;
  }

 private:
  Duration interval_;   // between tokens
  Duration tolerance_;  // how far the bucket may run ahead
  Instant next_{};      // when the bucket would be full again
};

}  // namespace sluice::net
