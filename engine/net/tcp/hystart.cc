#include "engine/net/tcp/hystart.h"

#include <algorithm>

namespace sluice::net::tcp {

// RFC 9406 4.2: at the start of each round. True: CSS has lasted its rounds.
bool HyStart::begin_round(Sequence sent_end) noexcept {
  started_ = true;
  window_end_ = sent_end;
  last_round_us_ = this_round_us_;
  this_round_us_ = 0;
  samples_ = 0;
  return css_rounds_ > 0 && ++css_rounds_ > kCssRounds;
}

bool HyStart::on_ack(Sequence una, Sequence sent_end, Duration rtt) noexcept {
  if (!started_ || at_or_after(una, window_end_)) {
    if (begin_round(sent_end)) return true;
  }
  if (rtt.ns <= 0) return false;
  const auto us = static_cast<std::uint32_t>(std::max<std::int64_t>(rtt.us(), 1));
  this_round_us_ = this_round_us_ == 0 ? us : std::min(this_round_us_, us);
  if (samples_ < kRttSamples) ++samples_;
  if (samples_ < kRttSamples || last_round_us_ == 0) return false;
  if (css_rounds_ > 0) {  // the growth of the round trip was not persistent
    if (this_round_us_ < css_baseline_us_) css_rounds_ = 0;
    return false;
  }
  const std::uint32_t threshold =
      std::clamp(last_round_us_ / kMinRttDivisor, kMinRttThreshUs, kMaxRttThreshUs);
  if (this_round_us_ >= last_round_us_ + threshold) {
    css_baseline_us_ = this_round_us_;
    css_rounds_ = 1;
  }
  return false;
}

}  // namespace sluice::net::tcp
