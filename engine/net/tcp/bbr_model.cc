// What ACKs and losses tell of the path (draft 5.5).
#include <algorithm>
#include <limits>

#include "engine/net/tcp/bbr.h"
#include "engine/net/tcp/send_marks.h"

namespace sluice::net::tcp {
namespace {

constexpr double kLossThresh = 0.02;  // of what was in flight
constexpr double kBeta = 0.7;
constexpr Duration kMinRttFilter = seconds(10);
constexpr Duration kProbeRttInterval = seconds(5);
constexpr std::uint32_t kExtraAckedRounds = 5;  // two periods make BBR.ExtraAckedFilterLen = 10

std::uint32_t scaled(std::uint32_t volume, double factor) noexcept {
  return static_cast<std::uint32_t>(volume * factor);
}

}  // namespace

// 5.5.10.3, at the begin of an ACK
void Bbr::update_latest_delivery() noexcept {
  loss_round_start_ = false;
  bw_latest_ = std::max(bw_latest_, sample_.rate);
  inflight_latest_ = std::max(inflight_latest_, sample_.delivered);
  if (sample_.has_data && at_or_after(sample_.prior_delivered, loss_round_delivered_)) {
    loss_round_delivered_ = rate_.delivered();
    loss_round_start_ = true;
  }
}

// and at its end.
void Bbr::advance_latest_delivery() noexcept {
  if (!loss_round_start_) return;
  bw_latest_ = sample_.rate;
  inflight_latest_ = sample_.delivered;
}

void Bbr::reset_congestion_signals() noexcept {
  loss_in_round_ = false;
  bw_latest_ = 0;
  inflight_latest_ = 0;
}

void Bbr::update_congestion_signals() noexcept {
  update_max_bandwidth();
  if (!loss_round_start_) return;
  adapt_lower_bounds();
  loss_in_round_ = false;
}

// Once per round trip with losses: towards what the path has just delivered.
void Bbr::adapt_lower_bounds() noexcept {
  if (probing() || !loss_in_round_) return;
  const double bw = std::min(bw_shortterm_, max_bw_.value());
  const std::uint32_t volume = inflight_shortterm_ == kNoLimit ? window_ : inflight_shortterm_;
  bw_shortterm_ = std::max(bw_latest_, kBeta * bw);
  inflight_shortterm_ = std::max(inflight_latest_, scaled(volume, kBeta));
}

void Bbr::reset_shortterm() noexcept {
  bw_shortterm_ = std::numeric_limits<double>::infinity();
  inflight_shortterm_ = kNoLimit;
}

// 5.5.1: a round trip is over when something is delivered that was sent after it began.
void Bbr::update_round() noexcept {
  round_start_ = sample_.has_data && at_or_after(sample_.prior_delivered, next_round_delivered_);
  if (!round_start_) return;
  start_round();
  ++round_count_;
  ++rounds_since_up_;
}

// 5.5.5
void Bbr::update_max_bandwidth() noexcept {
  update_round();
  if (sample_.rate > 0 && (sample_.rate >= max_bw_.value() || !sample_.app_limited))
    max_bw_.update(sample_.rate);
}

// 5.5.9: ACKs that come in bunches leave the sender idle between them unless more is in flight.
void Bbr::update_aggregation() noexcept {
  double expected = bandwidth_ * static_cast<double>((now_ - extra_acked_start_).ns) * 1e-9;
  if (extra_acked_delivered_ <= expected) {
    extra_acked_delivered_ = 0;
    extra_acked_start_ = now_;
    expected = 0;
  }
  extra_acked_delivered_ += ack_.newly_acked;
  const double extra = std::min<double>(extra_acked_delivered_ - expected, window_);
  if (round_count_ - extra_acked_round_ >= (full_bw_reached_ ? kExtraAckedRounds : 1)) {
    extra_acked_round_ = round_count_;
    extra_acked_.advance();
  }
  extra_acked_.update(static_cast<std::uint32_t>(std::max(extra, 0.0)));
}

// 5.3.4.3
void Bbr::update_min_rtt() noexcept {
  probe_rtt_expired_ = now_ > probe_rtt_min_at_ + kProbeRttInterval;
  const bool less = probe_rtt_min_.ns == 0 || ack_.rtt < probe_rtt_min_;
  if (ack_.rtt.ns > 0 && (less || probe_rtt_expired_)) {
    probe_rtt_min_ = ack_.rtt;
    probe_rtt_min_at_ = now_;
  }
  const bool expired = now_ > min_rtt_at_ + kMinRttFilter;
  if (probe_rtt_min_.ns > 0 && (min_rtt_.ns == 0 || probe_rtt_min_ < min_rtt_ || expired)) {
    min_rtt_ = probe_rtt_min_;
    min_rtt_at_ = probe_rtt_min_at_;
  }
}

// 5.5.10.2
bool Bbr::too_much_lost(std::uint32_t lost, std::uint32_t in_flight) noexcept {
  return lost > in_flight * kLossThresh;
}

// Without SACK only one loss in a round trip is seen.
bool Bbr::inflight_too_high(std::uint32_t lost, std::uint32_t in_flight) const noexcept {
  return too_much_lost(lost, in_flight) || (lost > 0 && !sack_);
}

void Bbr::handle_inflight_too_high(std::uint32_t in_flight, bool app_limited) noexcept {
  prev_too_high_ = true;
  probe_sample_ = false;  // one answer to each probe
  if (!app_limited) inflight_longterm_ = std::max(in_flight, scaled(target_inflight(), kBeta));
  if (state_ != State::up) return;
  undo_state_ = Undo::up;
  start_down();
}

void Bbr::note_loss() noexcept {
  if (!loss_in_round_) {
    loss_round_delivered_ = rate_.delivered();
    save_state();
  }
  loss_in_round_ = true;
}

// At what volume in flight did losses pass the threshold? It was found only later.
void Bbr::on_lost(const Packet& packet) noexcept {
  note_loss();
  rate_.on_lost(packet);
  if (packet.sequence != lost_end_ && loss_events_ < UINT8_MAX) ++loss_events_;
  lost_end_ = packet.sequence + packet.sequence_length;
  if (!probe_sample_) return;
  const std::uint32_t in_flight = packet.departure.in_flight;
  const std::uint32_t lost = rate_.lost() - packet.departure.lost;
  if (!inflight_too_high(lost, in_flight)) return;
  const double size = packet.sequence_length;
  const double before_it = std::max(in_flight - size, 0.0);
  const double prefix = (kLossThresh * before_it - (lost - size)) / (1 - kLossThresh);
  handle_inflight_too_high(static_cast<std::uint32_t>(std::max(before_it + prefix, 0.0)),
                           (packet.marks & kAppLimited) != 0);
}

// 3.7 demands that a mark counts as congestion: here as a loss beyond the threshold.
void Bbr::on_mark() noexcept {
  note_loss();
  if (state_ == State::startup) {
    undo_state_ = Undo::nothing;
    full_bw_reached_ = true;
  } else if (probe_sample_) {
    handle_inflight_too_high(sample_.in_flight, sample_.app_limited);
  }
}

// 5.5.11.1
void Bbr::save_state() noexcept {
  save_window();
  undo_state_ = Undo::nothing;
  undo_bw_shortterm_ = bw_shortterm_;
  undo_inflight_shortterm_ = inflight_shortterm_;
  undo_inflight_longterm_ = inflight_longterm_;
}

}  // namespace sluice::net::tcp
