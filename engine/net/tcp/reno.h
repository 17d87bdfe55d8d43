// Congestion avoidance of RFC 5681 3.1 by counting octets (RFC 3465 2.1): one segment more for each
// window of octets that was acknowledged.
#pragma once

#include <cstdint>

namespace sluice::net::tcp {

class Reno {
 public:
  // `acked` new octets arrived: by how many octets the window `cwnd` grows.
  std::uint32_t growth(std::uint32_t cwnd, std::uint32_t mss, std::uint32_t acked) noexcept {
    acked_ += acked;
    if (acked_ < cwnd) return 0;
    acked_ -= cwnd;
    return mss;
  }

 private:
  std::uint32_t acked_ = 0;  // octets since the window grew last
};

}  // namespace sluice::net::tcp
