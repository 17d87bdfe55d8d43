// Startup and Drain (draft 5.3.1, 5.3.2), ProbeRTT (5.3.4), restart after idleness (5.4).
#include <algorithm>

#include "engine/net/tcp/bbr.h"

namespace sluice::net::tcp {
namespace {

constexpr double kFullBwGrowth = 1.25;
constexpr std::uint8_t kFullBwRounds = 3;
constexpr std::uint8_t kFullLossEvents = 6;  // BBRStartupFullLossCnt
constexpr std::uint32_t kDrainRoundsMax = 3;
constexpr Duration kProbeRttDuration = milliseconds(200);

}  // namespace

void Bbr::enter_startup() noexcept { state_ = State::startup; }

// 5.3.1.2: does a higher rate still deliver more?
void Bbr::reset_full_bandwidth() noexcept {
  full_bw_ = 0;
  full_bw_count_ = 0;
  full_bw_now_ = false;
}

void Bbr::check_full_bandwidth() noexcept {
  if (full_bw_now_ || !round_start_ || sample_.app_limited) return;
  if (sample_.rate >= full_bw_ * kFullBwGrowth) {
    reset_full_bandwidth();
    full_bw_ = sample_.rate;
    return;
  }
  full_bw_now_ = ++full_bw_count_ >= kFullBwRounds;
  if (full_bw_now_) full_bw_reached_ = true;
}

// 5.3.1.3: or does it only lose more?
void Bbr::check_startup_losses() noexcept {
  if (full_bw_reached_ || !in_recovery_) return;
  const bool many = loss_round_start_ && loss_events_ >= kFullLossEvents &&
                    too_much_lost(sample_.lost, sample_.in_flight);
  if (!many && sack_) return;
  undo_state_ = Undo::startup;
  full_bw_reached_ = true;
  inflight_longterm_ = std::max(bdp(max_bw_.value(), 1), inflight_latest_);
}

void Bbr::check_startup_done() noexcept {
  check_startup_losses();
  if (loss_round_start_) loss_events_ = 0;
  if (state_ == State::startup && full_bw_reached_) enter_drain();
}

void Bbr::enter_drain() noexcept {
  state_ = State::drain;
  drain_start_round_ = round_count_;
}

void Bbr::check_drain_done() noexcept {
  if (state_ != State::drain) return;
  if (ack_.in_flight <= inflight(bandwidth_, 1) ||
      round_count_ - drain_start_round_ > kDrainRoundsMax)
    start_down();
}

// 5.3.4.3
void Bbr::check_probe_rtt() noexcept {
  if (state_ != State::probe_rtt && probe_rtt_expired_ && !idle_restart_) {
    save_window();
    state_ = State::probe_rtt;
    probe_rtt_done_ = {};
    feedback_ = Feedback::stopping;
    start_round();
  }
  if (state_ == State::probe_rtt) handle_probe_rtt();
  if (sample_.delivered > 0) idle_restart_ = false;
}

void Bbr::handle_probe_rtt() noexcept {
  rate_.mark_app_limited(ack_.in_flight);  // low rates mean nothing now
  if (probe_rtt_done_.ns == 0) {
    if (ack_.in_flight > probe_rtt_window()) return;
    probe_rtt_done_ = now_ + kProbeRttDuration;
    probe_rtt_round_done_ = false;
    start_round();
    return;
  }
  if (round_start_) probe_rtt_round_done_ = true;
  if (probe_rtt_round_done_) check_probe_rtt_done();
}

void Bbr::check_probe_rtt_done() noexcept {
  if (probe_rtt_done_.ns == 0 || now_ <= probe_rtt_done_) return;
  probe_rtt_min_at_ = now_;  // when the next one is due
  restore_window();
  exit_probe_rtt();
}

// 5.3.4.4
void Bbr::exit_probe_rtt() noexcept {
  reset_shortterm();
  if (!full_bw_reached_) return enter_startup();
  start_down();
  state_ = State::cruise;
}

// 5.4.1
void Bbr::restart_from_idle(std::uint32_t in_flight) noexcept {
  if (in_flight > 0 || !rate_.app_limited()) return;
  idle_restart_ = true;
  extra_acked_start_ = now_;
  if (in_cycle()) {
    set_pacing_rate(1);
  } else if (state_ == State::probe_rtt) {
    check_probe_rtt_done();
  }
}

}  // namespace sluice::net::tcp
