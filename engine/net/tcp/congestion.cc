#include "engine/net/tcp/congestion.h"

#include <algorithm>

namespace sluice::net::tcp {

void Congestion::start(CongestionControl algorithm, std::uint32_t initial_window) noexcept {
  *this = Congestion{};
  algorithm_ = algorithm;
  cwnd_ = initial_window;
  if (by_model()) model_ = kNoModel;
}

void Congestion::on_ack(const Ack& ack) noexcept {
  if (!used()) return;
  if (in_slow_start()) return grow_in_slow_start(ack);
  switch (algorithm_) {
    case CongestionControl::reno: return enlarge(reno_.growth(cwnd_, ack.mss, ack.acknowledged));
    case CongestionControl::cubic:
      return enlarge(cubic_.growth(cwnd_, ack.mss, ack.acknowledged, ack.srtt, ack.now));
    case CongestionControl::bbr: return;
  }
}

// Every acknowledged octet counts, also in an ACK for many segments: RFC 9406 4.2 with L = infinity
// in place of the L = 2 of RFC 3465, because receivers that merge segments acknowledge many at once
// and would halve the growth. What leaves at once is never more than twice what has just arrived.
void Congestion::grow_in_slow_start(const Ack& ack) noexcept {
  std::uint32_t counted = ack.acknowledged;
  if (in_first_slow_start()) {
    if (hystart_.on_ack(ack.una, ack.sent_end, ack.rtt)) {
      end_first_slow_start();
      ssthresh_ = cwnd_;
      return;
    }
    counted = hystart_.counted(counted);
  }
  enlarge(std::min(counted, ssthresh_ - cwnd_));
}

void Congestion::end_first_slow_start() noexcept {
  if (algorithm_ == CongestionControl::cubic) {
    cubic_ = Cubic{};
  } else {
    reno_ = Reno{};
  }
}

void Congestion::enlarge(std::uint32_t octets) noexcept {
  cwnd_ = std::min(cwnd_ + octets, kThresholdMax);
}

// Congestion window validation (RFC 7661 in spirit): a window that was not filled says nothing
// about the path, so it does not grow. In slow start half of it is enough, for it doubles in a
// round.
bool Congestion::used() const noexcept {
  return limited_ || (in_slow_start() && cwnd_ < 2 * flight_max_);
}

void Congestion::note_flight(std::uint32_t flight, bool limited, Sequence una,
                             Sequence sent_end) noexcept {
  const bool new_round = at_or_after(una, flight_round_);
  if (!new_round && !limited && (limited_ || flight <= flight_max_)) return;
  limited_ = limited;
  flight_max_ = flight;
  flight_round_ = sent_end;
}

void Congestion::on_congestion(std::uint32_t flight, std::uint32_t mss) noexcept {
  if (by_model()) return;
  if (in_first_slow_start()) end_first_slow_start();
  const std::uint32_t floor = 2 * mss;
  if (algorithm_ == CongestionControl::cubic) {
    cubic_.on_congestion(cwnd_, mss);
    // RFC 9438 4.6 allows the window in place of the flight, for it grows only when it is used.
    ssthresh_ = std::max(static_cast<std::uint32_t>(cwnd_ * Cubic::kBeta), floor);
  } else {
    reno_ = Reno{};
    // RFC 5681 equation 4; what Limited Transmit sent beyond the window does not count.
    ssthresh_ = std::max(std::min(flight, cwnd_) / 2, floor);
  }
}

void Congestion::on_timeout(std::uint32_t mss) noexcept { cwnd_ = mss; }

void Congestion::on_idle(std::uint32_t initial_window) noexcept {
  cwnd_ = std::min(cwnd_, initial_window);
}

void Congestion::skip(Duration idle) noexcept {
  if (algorithm_ == CongestionControl::cubic && !in_first_slow_start()) cubic_.skip(idle);
}

void Congestion::set_window(std::uint32_t cwnd, std::uint32_t mss) noexcept {
  cwnd_ = std::clamp(cwnd, mss, kThresholdMax);
}

void Congestion::restore(std::uint32_t cwnd, std::uint32_t ssthresh) noexcept {
  if (by_model()) return;
  if (!in_first_slow_start() && ssthresh == kThresholdMax) hystart_ = HyStart{};
  cwnd_ = std::max(cwnd_, cwnd);
  ssthresh_ = std::max(ssthresh_, ssthresh);
}

}  // namespace sluice::net::tcp
