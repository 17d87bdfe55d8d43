// What happens to a flow (draft 5.2), and what follows for its pacing rate and window (5.6).
#include "engine/net/tcp/bbr.h"

#include <algorithm>
#include <limits>

namespace sluice::net::tcp {
namespace {

struct Gains {
  double pacing;
  double window;
};

// 5.6.1, in the order of Bbr::State.
constexpr std::array<Gains, 7> kGains = {
    {{2.77, 2}, {0.5, 2}, {0.9, 2}, {1, 2}, {1, 2}, {1.25, 2.25}, {1, 0.5}}};
constexpr double kPacingMargin = 0.99;             // 5.6.2: 1 % below the bandwidth
constexpr Duration kNominalRtt = milliseconds(1);  // 5.6.2: before one was measured
constexpr std::uint32_t kOffloadQuanta = 1;        // 5.5.8: nothing but ACKs is merged by offloads

const Gains& gains_of(Bbr::State state) noexcept { return kGains[static_cast<std::size_t>(state)]; }

}  // namespace

// 5.2.1
Bbr::Bbr(const Start& start) noexcept
    : now_(start.now),
      random_(start.seed),
      sack_(start.sack),
      mss_(start.mss),
      window_(start.window),
      initial_window_(start.window),
      bw_shortterm_(std::numeric_limits<double>::infinity()),
      extra_acked_start_(start.now),
      min_rtt_(start.srtt),
      min_rtt_at_(start.now),
      probe_rtt_min_(start.srtt),
      probe_rtt_min_at_(start.now) {
  const Duration rtt = start.srtt.ns > 0 ? start.srtt : kNominalRtt;
  const double nominal = start.window * 1e9 / static_cast<double>(rtt.ns);
  pacer_.set_rate(gains_of(State::startup).pacing * nominal);
}

// 5.2.2
void Bbr::on_sent(Packet& packet, std::uint32_t in_flight) noexcept {
  restart_from_idle(in_flight);
  rate_.on_sent(packet, in_flight, now_);
  pacer_.on_sent(packet.sequence_length, in_flight == 0, now_);
}

// 5.2.3
void Bbr::on_ack(const Ack& ack) noexcept {
  ack_ = ack;
  sample_ = rate_.finish(ack.min_rtt);
  update_latest_delivery();
  update_congestion_signals();
  update_aggregation();
  check_full_bandwidth();
  check_startup_done();
  check_drain_done();
  update_cycle();
  update_min_rtt();
  check_probe_rtt();
  advance_latest_delivery();
  bandwidth_ = std::min(max_bw_.value(), bw_shortterm_);
  set_pacing_rate(gains_of(state_).pacing);
  set_window();
}

// 5.6.2. Before the pipe is known to be full the rate only grows.
void Bbr::set_pacing_rate(double gain) noexcept {
  const double rate = gain * bandwidth_ * kPacingMargin;
  if (rate > 0 && (full_bw_reached_ || rate > pacer_.rate())) pacer_.set_rate(rate);
}

// 5.6.4.2
std::uint32_t Bbr::bdp(double rate, double gain) const noexcept {
  if (min_rtt_.ns == 0) return initial_window_;
  const double volume = gain * rate * static_cast<double>(min_rtt_.ns) * 1e-9;
  return static_cast<std::uint32_t>(std::min(volume, 1e9));
}

std::uint32_t Bbr::with_budget(std::uint32_t volume) const noexcept {
  volume = std::max({volume, kOffloadQuanta * pacer_.quantum(mss_), pipe_min()});
  return state_ == State::up ? volume + 2 * mss_ : volume;
}

std::uint32_t Bbr::inflight(double rate, double gain) const noexcept {
  return with_budget(bdp(rate, gain));
}

// 5.6.4.6
void Bbr::set_window() noexcept {
  const double gain = gains_of(state_).window;
  const std::uint32_t max_inflight = with_budget(bdp(bandwidth_, gain) + extra_acked_.value());
  if (full_bw_reached_) {
    window_ = std::min(window_ + ack_.newly_acked, max_inflight);
  } else if (window_ < max_inflight || rate_.delivered() < initial_window_) {
    window_ += ack_.newly_acked;
  }
  window_ = std::max(window_, pipe_min());
  if (state_ == State::probe_rtt) window_ = std::min(window_, probe_rtt_window());
  bound_window();
}

// 5.6.4.5
std::uint32_t Bbr::probe_rtt_window() const noexcept {
  return std::max(bdp(bandwidth_, gains_of(State::probe_rtt).window), pipe_min());
}

// 5.6.4.7
void Bbr::bound_window() noexcept {
  std::uint32_t cap = kNoLimit;
  if (state_ == State::cruise || state_ == State::probe_rtt) {
    cap = with_headroom();
  } else if (in_cycle()) {
    cap = inflight_longterm_;
  }
  cap = std::max(std::min(cap, inflight_shortterm_), pipe_min());
  window_ = std::min(window_, cap);
}

// 5.6.4.4, as the next four.
void Bbr::save_window() noexcept {
  const bool modulated = in_recovery_ || state_ == State::probe_rtt;
  prior_window_ = modulated ? std::max(prior_window_, window_) : window_;
}

void Bbr::begin_recovery() noexcept {
  save_state();
  in_recovery_ = true;
}

void Bbr::on_timeout(std::uint32_t in_flight) noexcept {
  save_state();
  in_recovery_ = true;
  window_ = in_flight + mss_;
}

void Bbr::end_recovery() noexcept {
  if (!in_recovery_) return;
  in_recovery_ = false;
  restore_window();
}

// 5.5.10.2
void Bbr::undo_recovery() noexcept {
  in_recovery_ = false;
  restore_window();
  loss_in_round_ = false;
  reset_full_bandwidth();
  bw_shortterm_ = std::max(bw_shortterm_, undo_bw_shortterm_);
  inflight_shortterm_ = std::max(inflight_shortterm_, undo_inflight_shortterm_);
  inflight_longterm_ = std::max(inflight_longterm_, undo_inflight_longterm_);
  if (undo_state_ == Undo::startup && state_ != State::startup) {
    full_bw_reached_ = false;
    if (state_ != State::probe_rtt) enter_startup();
  } else if (undo_state_ == Undo::up && state_ != State::up && state_ != State::probe_rtt) {
    start_refill();
  }
  undo_state_ = Undo::nothing;
}

}  // namespace sluice::net::tcp
