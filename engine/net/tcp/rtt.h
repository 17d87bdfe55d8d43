// Round-trip estimate and retransmission timeout (RFC 6298), and the smallest round trip of late.
#pragma once

#include <algorithm>
#include <cstdint>

#include "engine/base/clock.h"

namespace sluice::net::tcp {

inline constexpr Duration kRtoMax = seconds(60);
inline constexpr Duration kRtoAfterSynTimeout = seconds(3);
inline constexpr Duration kRttMinMemory = minutes(5);  // how long a minimum counts
inline constexpr std::uint8_t kBackoffMax = 12;        // doublings

class RttEstimator {
 public:
  void start(Duration initial) noexcept {
    *this = RttEstimator{};
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
    // 2.3 with the minimum in the place of the clock's granularity: on a path without variation
    // the timeout still leaves the peer this long to delay its ACK.
    rto_us = std::min(srtt_us + std::max(micro(rto_min), 4 * variation_us), micro(kRtoMax));
  }

  // A round trip for the minimum, which need not follow Karn's rule (RFC 8985 6.2).
  void note_minimum(Duration rtt, Instant now) noexcept {
    const std::uint32_t r = std::max(micro(rtt), 1u);
    const auto second = static_cast<std::uint32_t>(now.ns / 1'000'000'000);
    const bool expired =
        second - minimum_second_ > static_cast<std::uint32_t>(kRttMinMemory.seconds());
    if (minimum_us_ != 0 && r > minimum_us_ && !expired) return;
    minimum_us_ = r;
    minimum_second_ = second;
  }
  std::uint32_t min_us() const noexcept { return minimum_us_; }  // 0 = no sample yet

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

  std::uint32_t minimum_us_ = 0;
  std::uint32_t minimum_second_ = 0;  // when it was seen
};

}  // namespace sluice::net::tcp
