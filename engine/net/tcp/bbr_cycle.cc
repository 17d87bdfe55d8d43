// ProbeBW (draft 5.3.3): down, cruise, refill, up, and again.
#include <algorithm>

#include "engine/net/tcp/bbr.h"

namespace sluice::net::tcp {
namespace {

constexpr double kHeadroom = 0.15;
constexpr std::uint32_t kRenoRoundsMax = 63;  // 5.3.3.8
constexpr std::uint8_t kUpRoundsMax = 30;
constexpr std::uint64_t kWaitJitterNs = 1'000'000'000;
constexpr Duration kProbeWait = seconds(2);

}  // namespace

void Bbr::start_down() noexcept {
  reset_congestion_signals();
  up_acked_per_inc_ = kNoLimit;
  rounds_since_up_ = static_cast<std::uint32_t>(random_.below(2));
  probe_wait_ = kProbeWait + nanoseconds(static_cast<std::int64_t>(random_.below(kWaitJitterNs)));
  cycle_start_ = now_;
  feedback_ = Feedback::stopping;
  start_round();
  state_ = State::down;
}

void Bbr::start_refill() noexcept {
  reset_shortterm();
  up_rounds_ = 0;
  up_acked_ = 0;
  prev_precautionary_ = false;
  feedback_ = Feedback::refilling;
  start_round();
  state_ = State::refill;
}

void Bbr::start_up() noexcept {
  feedback_ = Feedback::starting;
  start_round();
  reset_full_bandwidth();
  full_bw_ = sample_.rate;
  state_ = State::up;
  raise_slope();
}

void Bbr::update_cycle() noexcept {
  if (!full_bw_reached_ || adapt_longterm() || !in_cycle()) return;
  switch (state_) {
    case State::down:
      if (time_to_probe()) return start_refill();
      if (time_to_cruise()) state_ = State::cruise;
      return;
    case State::cruise:
      if (time_to_probe()) start_refill();
      return;
    case State::refill:
      if (!round_start_) return;
      probe_sample_ = true;
      return start_up();
    default:
      if (!time_to_go_down()) return;
      prev_too_high_ = false;
      start_down();
  }
}

// What the last probe has brought. True: it has decided on the next state.
bool Bbr::adapt_longterm() noexcept {
  if (feedback_ == Feedback::starting && round_start_) feedback_ = Feedback::arriving;
  if (feedback_ == Feedback::stopping && round_start_) {
    probe_sample_ = false;
    feedback_ = Feedback::none;
    if (in_cycle() && !sample_.app_limited) max_bw_.advance();
    if (in_cycle() && prev_precautionary_ && !prev_too_high_) {
      start_refill();
      return true;
    }
  }
  if (inflight_too_high(sample_.lost, sample_.in_flight) || inflight_longterm_ == kNoLimit)
    return false;
  inflight_longterm_ = std::max(inflight_longterm_, sample_.in_flight);
  if (state_ == State::up) probe_upward();
  return false;
}

// 5.3.3.8: after two to three seconds, or as often as Reno would fill the same path.
bool Bbr::time_to_probe() noexcept {
  const std::uint32_t reno_rounds = std::min(target_inflight() / mss_, kRenoRoundsMax);
  return now_ > cycle_start_ + probe_wait_ || rounds_since_up_ >= reno_rounds;
}

bool Bbr::time_to_cruise() const noexcept {
  return ack_.in_flight <= with_headroom() && ack_.in_flight <= inflight(max_bw_.value(), 1);
}

bool Bbr::time_to_go_down() noexcept {
  if (prev_too_high_ && ack_.in_flight >= inflight_longterm_) {
    prev_precautionary_ = true;
    return true;
  }
  if (ack_.window_limited && window_ >= inflight_longterm_) {
    reset_full_bandwidth();  // it is the limit that holds the rate down
    full_bw_ = sample_.rate;
    return false;
  }
  return full_bw_now_;
}

std::uint32_t Bbr::with_headroom() const noexcept {
  if (inflight_longterm_ == kNoLimit) return kNoLimit;
  const auto headroom = static_cast<std::uint32_t>(kHeadroom * inflight_longterm_);
  const std::uint32_t kept = std::min(std::max(headroom, mss_), inflight_longterm_);
  return std::max(inflight_longterm_ - kept, pipe_min());
}

std::uint32_t Bbr::target_inflight() const noexcept {
  return std::min(bdp(bandwidth_, 1), window_);
}

// The limit grows by one segment, then two, four ... in each round trip.
void Bbr::raise_slope() noexcept {
  up_acked_per_inc_ = std::max(window_ >> up_rounds_, mss_);
  up_rounds_ = std::min<std::uint8_t>(up_rounds_ + 1, kUpRoundsMax);
}

void Bbr::probe_upward() noexcept {
  if (!ack_.window_limited || window_ < inflight_longterm_) return;
  up_acked_ += ack_.newly_acked;
  if (up_acked_ >= up_acked_per_inc_) {
    const std::uint32_t steps = up_acked_ / up_acked_per_inc_;
    up_acked_ -= steps * up_acked_per_inc_;
    inflight_longterm_ += steps * mss_;
  }
  if (round_start_) raise_slope();
}

}  // namespace sluice::net::tcp
