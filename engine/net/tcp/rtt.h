// Round-trip estimate and retransmission timeout (RFC 6298), in microseconds.
#pragma once

#include <algorithm>
#include <cstdint>

#include "engine/base/clock.h"

namespace sluice::net::tcp {

inline constexpr Duration kRtoMax = seconds(60);
inline constexpr std::uint8_t kBackoffMax = 12;  // doublings

class RttEstimator {
 public:
  void start(Duration initial) noexcept {
    srtt_us = variation_us = 0;
    rto_us = micro(initial);
  }

  void sample(Duration rtt, Duration rto_min) noexcept {
    const std::uint32_t r = std::max(micro(rtt), 1u);
    if (srtt_us == 0) {  // 2.2
      srtt_us = r;
      variation_us = r / 2;
    } else {  // 2.3, beta 1/4 before alpha 1/8
      const std::uint32_t error = srtt_us > r ? srtt_us - r : r - srtt_us;
      variation_us = variation_us - variation_us / 4 + error / 4;
      srtt_us = srtt_us - srtt_us / 8 + r / 8;
    }
    constexpr std::uint32_t kGranularityUs = 1'000;
    const std::uint32_t rto = srtt_us + std::max(kGranularityUs, 4 * variation_us);
    rto_us = std::clamp(rto, micro(rto_min), micro(kRtoMax));
  }

  // The timeout after `backoffs` doublings (5.5).
  Duration timeout(std::uint8_t backoffs) const noexcept {
    const std::int64_t us = static_cast<std::int64_t>(rto_us) << std::min(backoffs, kBackoffMax);
    return std::min(microseconds(us), kRtoMax);
  }

  std::uint32_t srtt_us = 0;  // 0 = no sample yet
  std::uint32_t variation_us = 0;
  std::uint32_t rto_us = 0;

 private:
  static std::uint32_t micro(Duration d) noexcept {
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(d.us(), 0, 120'000'000));
  }
};

}  // namespace sluice::net::tcp
