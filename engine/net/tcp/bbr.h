// BBR, version 3 (draft-ietf-ccwg-bbr-06): a model of the path, its bandwidth and its round trip,
// decides how fast and how much is sent; a loss only matters when there are many. Pure. Names are
// those of the draft; rates are octets per second, volumes octets. One while a connection sends
// (model.cc); an idle one has none.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "engine/base/random.h"
#include "engine/net/tcp/delivery_rate.h"
#include "engine/net/tcp/flight_watcher.h"
#include "engine/net/tcp/pacer.h"

namespace sluice::net::tcp {

// The largest value of this period and of the one before.
template <typename T>
class PeriodMax {
 public:
  void update(T value) noexcept { now_ = std::max(now_, value); }
  void advance() noexcept {
    before_ = now_;
    now_ = T{};
  }
  T value() const noexcept { return std::max(before_, now_); }

 private:
  T before_{};
  T now_{};
};

class Bbr final : public FlightWatcher {
 public:
  enum class State : std::uint8_t { startup, drain, down, cruise, refill, up, probe_rtt };

  struct Start {
    std::uint32_t window;  // C.InitialCwnd
    std::uint32_t mss;
    Duration srtt;  // 0 = none yet
    bool sack;
    std::uint64_t seed;
    Instant now;
  };
  struct Ack {
    std::uint32_t newly_acked;
    std::uint32_t in_flight;  // after it
    Duration rtt;             // of the newest packet, 0 = none
    Duration min_rtt;         // of the connection
    bool window_limited;      // the window was full in this round
  };

  explicit Bbr(const Start& start) noexcept;

  // Before each of the following.
  void set_now(Instant now, std::uint32_t mss) noexcept {
    now_ = now;
    mss_ = mss;
  }
  // `in_flight`: before it.
  void on_sent(Packet& packet, std::uint32_t in_flight) noexcept;
  void on_delivered(Packet& packet) noexcept override { rate_.on_delivered(packet, now_); }
  void on_part_delivered(std::uint32_t octets) noexcept override {
    rate_.on_part_delivered(octets, now_);
  }
  void on_lost(const Packet& packet) noexcept override;
  void note_loss() noexcept;  // of this round trip; alone: one that a probe has repaired
  void on_mark() noexcept;    // ECN, once per window
  // The end of an ACK that delivered something.
  void on_ack(const Ack& ack) noexcept;

  void begin_recovery() noexcept;
  void on_timeout(std::uint32_t in_flight) noexcept;
  void end_recovery() noexcept;
  void undo_recovery() noexcept;
  void mark_app_limited(std::uint32_t in_flight) noexcept { rate_.mark_app_limited(in_flight); }

  std::uint32_t window() const noexcept { return window_; }
  bool may_send() noexcept { return pacer_.may_send(mss_, now_); }
  const Pacer& pacer() const noexcept { return pacer_; }

  State state() const noexcept { return state_; }
  double bandwidth() const noexcept { return bandwidth_; }
  Duration min_rtt() const noexcept { return min_rtt_; }
  std::uint32_t longterm_limit() const noexcept { return inflight_longterm_; }

  Instant due = Instant::never();  // for the owner: when to look at the connection again

 private:
  static constexpr std::uint32_t kNoLimit = UINT32_MAX;
  enum class Feedback : std::uint8_t { none, refilling, starting, arriving, stopping };
  enum class Undo : std::uint8_t { nothing, startup, up };

  // bbr.cc: pacing rate and window
  void set_pacing_rate(double gain) noexcept;
  void set_window() noexcept;
  void bound_window() noexcept;
  std::uint32_t bdp(double rate, double gain) const noexcept;
  std::uint32_t inflight(double rate, double gain) const noexcept;
  std::uint32_t with_budget(std::uint32_t volume) const noexcept;
  std::uint32_t pipe_min() const noexcept { return 4 * mss_; }
  std::uint32_t probe_rtt_window() const noexcept;
  void save_window() noexcept;
  void restore_window() noexcept { window_ = std::max(window_, prior_window_); }

  // bbr_model.cc
  void update_latest_delivery() noexcept;
  void advance_latest_delivery() noexcept;
  void update_congestion_signals() noexcept;
  void update_max_bandwidth() noexcept;
  void update_round() noexcept;
  void start_round() noexcept { next_round_delivered_ = rate_.delivered(); }
  void adapt_lower_bounds() noexcept;
  void update_aggregation() noexcept;
  void update_min_rtt() noexcept;
  void save_state() noexcept;
  static bool too_much_lost(std::uint32_t lost, std::uint32_t in_flight) noexcept;
  bool inflight_too_high(std::uint32_t lost, std::uint32_t in_flight) const noexcept;
  void handle_inflight_too_high(std::uint32_t in_flight, bool app_limited) noexcept;
  void reset_congestion_signals() noexcept;
  void reset_shortterm() noexcept;

  // bbr_startup.cc: Startup, Drain, ProbeRTT
  void enter_startup() noexcept;
  void reset_full_bandwidth() noexcept;
  void check_full_bandwidth() noexcept;
  void check_startup_done() noexcept;
  void check_startup_losses() noexcept;
  void enter_drain() noexcept;
  void check_drain_done() noexcept;
  void check_probe_rtt() noexcept;
  void handle_probe_rtt() noexcept;
  void check_probe_rtt_done() noexcept;
  void exit_probe_rtt() noexcept;
  void restart_from_idle(std::uint32_t in_flight) noexcept;

  // bbr_cycle.cc: ProbeBW
  bool in_cycle() const noexcept { return state_ >= State::down && state_ <= State::up; }
  bool probing() const noexcept {
    return state_ == State::startup || state_ == State::refill || state_ == State::up;
  }
  void update_cycle() noexcept;
  bool adapt_longterm() noexcept;
  void start_down() noexcept;
  void start_refill() noexcept;
  void start_up() noexcept;
  bool time_to_probe() noexcept;
  bool time_to_cruise() const noexcept;
  bool time_to_go_down() noexcept;
  std::uint32_t with_headroom() const noexcept;
  std::uint32_t target_inflight() const noexcept;
  void raise_slope() noexcept;
  void probe_upward() noexcept;

  Instant now_;
  Random random_;
  DeliveryRate rate_;
  Pacer pacer_;
  Ack ack_{};                    // the one being processed
  DeliveryRate::Sample sample_;  // RS

  State state_ = State::startup;
  Feedback feedback_ = Feedback::none;  // BBR.ack_phase
  Undo undo_state_ = Undo::nothing;
  bool sack_;  // C.has_selective_acks
  bool in_recovery_ = false;
  bool round_start_ = false;
  bool idle_restart_ = false;
  bool full_bw_reached_ = false;
  bool full_bw_now_ = false;
  bool loss_in_round_ = false;
  bool loss_round_start_ = false;
  bool probe_sample_ = false;        // BBR.is_bw_probe_sample
  bool prev_too_high_ = false;       // BBR.prev_probe_too_high
  bool prev_precautionary_ = false;  // BBR.prev_probe_precautionary
  bool probe_rtt_expired_ = false;
  bool probe_rtt_round_done_ = false;
  std::uint8_t full_bw_count_ = 0;
  std::uint8_t up_rounds_ = 0;    // BBR.bw_probe_up_rounds
  std::uint8_t loss_events_ = 0;  // ranges lost in this round
  std::uint32_t mss_;

  std::uint32_t window_;          // C.cwnd
  std::uint32_t initial_window_;  // C.InitialCwnd
  std::uint32_t prior_window_ = 0;
  std::uint32_t round_count_ = 0;
  std::uint32_t next_round_delivered_ = 0;
  std::uint32_t loss_round_delivered_ = 0;
  std::uint32_t drain_start_round_ = 0;
  std::uint32_t rounds_since_up_ = 0;  // BBR.rounds_since_probe_up
  Sequence lost_end_ = 0;              // end of the packet that was lost last

  double bandwidth_ = 0;  // BBR.bw
  double full_bw_ = 0;
  double bw_latest_ = 0;
  double bw_shortterm_;
  double undo_bw_shortterm_ = 0;
  PeriodMax<double> max_bw_;  // periods: cycles of ProbeBW
  std::uint32_t inflight_latest_ = 0;
  std::uint32_t inflight_shortterm_ = kNoLimit;
  std::uint32_t inflight_longterm_ = kNoLimit;
  std::uint32_t undo_inflight_shortterm_ = 0;
  std::uint32_t undo_inflight_longterm_ = 0;
  std::uint32_t up_acked_ = 0;                 // BBR.bw_probe_up_acked
  std::uint32_t up_acked_per_inc_ = kNoLimit;  // BBR.probe_up_acked_per_inc

  PeriodMax<std::uint32_t> extra_acked_;  // periods: 5 round trips, in Startup one
  std::uint32_t extra_acked_round_ = 0;   // when the period began
  std::uint32_t extra_acked_delivered_ = 0;
  Instant extra_acked_start_;

  Duration min_rtt_{};  // 0 = none yet
  Instant min_rtt_at_;
  Duration probe_rtt_min_{};  // BBR.probe_rtt_min_delay
  Instant probe_rtt_min_at_;
  Instant probe_rtt_done_{};  // 0 = not reached
  Instant cycle_start_{};     // BBR.cycle_stamp
  Duration probe_wait_{};     // BBR.bw_probe_wait
};

}  // namespace sluice::net::tcp
