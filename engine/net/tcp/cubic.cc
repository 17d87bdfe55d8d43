#include "engine/net/tcp/cubic.h"

#include <algorithm>
#include <cmath>

namespace sluice::net::tcp {
namespace {

double in_seconds(Duration d) noexcept { return static_cast<double>(d.ns) * 1e-9; }

// 4.3: with it the average window equals that of Reno, which halves and adds one per round trip.
constexpr double kAlpha = 3.0 * (1.0 - Cubic::kBeta) / (1.0 + Cubic::kBeta);

}  // namespace

void Cubic::on_congestion(std::uint32_t cwnd, std::uint32_t mss) noexcept {
  const double window = static_cast<double>(cwnd) / mss;
  // 4.7, fast convergence: below the last maximum the flow gives up some more, for newcomers.
  const double w_max = window < w_max_ ? window * (1.0 + kBeta) / 2.0 : window;
  w_max_ = static_cast<float>(w_max);
  cwnd_prior_ = static_cast<float>(window);
  w_est_ = 0;
  remainder_ = 0;
}

void Cubic::begin_epoch(double cwnd, Instant now) noexcept {
  epoch_ms_ = static_cast<std::uint32_t>(now.ns / 1'000'000);
  if (w_max_ < cwnd) w_max_ = static_cast<float>(cwnd);      // slow start went beyond it
  k_ = static_cast<float>(std::cbrt((w_max_ - cwnd) / kC));  // 4.2, figure 2
  w_est_ = static_cast<float>(cwnd);
}

double Cubic::seconds_in_epoch(Instant now) const noexcept {
  return (static_cast<std::uint32_t>(now.ns / 1'000'000) - epoch_ms_) * 1e-3;
}

std::uint32_t Cubic::growth(std::uint32_t cwnd, std::uint32_t mss, std::uint32_t acked,
                            Duration srtt, Instant now) noexcept {
  const double window = static_cast<double>(cwnd) / mss;
  if (w_est_ == 0) begin_epoch(window, now);
  const double segments = static_cast<double>(acked) / mss;
  const double t = seconds_in_epoch(now) - k_;
  const double w_cubic = kC * t * t * t + w_max_;
  // 4.3: from cwnd_prior on Reno gains a whole segment per round trip.
  const double alpha = w_est_ < cwnd_prior_ ? kAlpha : 1.0;
  w_est_ = static_cast<float>(w_est_ + alpha * segments / window);
  double target = 0;
  if (w_cubic < w_est_) {
    target = w_est_;  // the Reno-friendly region: cwnd is set to w_est
    remainder_ = std::max(remainder_, static_cast<float>((target - window) * mss));
  } else {  // 4.4 and 4.5: towards where the cubic is one round trip from now
    const double ahead = t + in_seconds(srtt);
    target = std::clamp(kC * ahead * ahead * ahead + w_max_, window, 1.5 * window);
    remainder_ += static_cast<float>((target - window) / window * static_cast<double>(acked));
  }
  const double whole = std::floor(std::max(remainder_, 0.0f));
  remainder_ -= static_cast<float>(whole);
  return static_cast<std::uint32_t>(whole);
}

void Cubic::skip(Duration idle) noexcept { epoch_ms_ += static_cast<std::uint32_t>(idle.ms()); }

}  // namespace sluice::net::tcp
