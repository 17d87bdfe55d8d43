// CUBIC congestion avoidance (RFC 9438). Pure; the window is the caller's. Windows inside are in
// segments, times in seconds, as in the RFC.
#pragma once

#include <cstdint>

#include "engine/base/clock.h"

namespace sluice::net::tcp {

class Cubic {
 public:
  static constexpr double kBeta = 0.7;  // 4.6: multiplicative decrease
  static constexpr double kC = 0.4;     // 5.1: segments per second cubed

  // A congestion event at the window `cwnd` (octets), before it is reduced.
  void on_congestion(std::uint32_t cwnd, std::uint32_t mss) noexcept;

  // In congestion avoidance `acked` new octets arrived: by how many octets the window grows.
  std::uint32_t growth(std::uint32_t cwnd, std::uint32_t mss, std::uint32_t acked, Duration srtt,
                       Instant now) noexcept;

  // Nothing was in flight for `idle`: that time does not count (4.2, as for being
  // application-limited).
  void skip(Duration idle) noexcept;

  double w_max() const noexcept { return w_max_; }
  double k() const noexcept { return k_; }

 private:
  void begin_epoch(double cwnd, Instant now) noexcept;
  double seconds_in_epoch(Instant now) const noexcept;

  std::uint32_t epoch_ms_ = 0;  // start of congestion avoidance after the last event
  float w_max_ = 0;             // the window just before the last reduction
  float k_ = 0;                 // how long the cubic takes from the epoch's start to w_max
  float w_est_ = 0;             // what Reno's window would be (4.3); 0 = the epoch has not begun
  float cwnd_prior_ = 0;        // window at the last congestion event
  float remainder_ = 0;         // octets of growth not yet handed out
};

}  // namespace sluice::net::tcp
