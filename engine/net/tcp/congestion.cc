#include "engine/net/tcp/congestion.h"

#include <algorithm>

namespace sluice::net::tcp {
namespace {

constexpr std::uint8_t kDuplicateThreshold = 3;
constexpr std::uint32_t kWindowMax = 1u << 30;

}  // namespace

void NewReno::start(std::uint32_t mss, std::uint32_t initial_segments, Sequence iss) noexcept {
  *this = NewReno{};
  mss_ = mss;
  initial_ = cwnd_ = mss * initial_segments;
  ssthresh_ = kWindowMax;
  recover_ = iss;
}

NewReno::Action NewReno::on_ack(Sequence ack, std::uint32_t acked, std::uint32_t flight,
                                bool limited) noexcept {
  duplicates_ = 0;
  if (!in_recovery_) {
    if (limited) grow(acked);
    return Action::none;
  }
  if (at_or_after(ack, recover_)) {  // RFC 6582 3.2 step 3, full acknowledgment
    cwnd_ = std::min(ssthresh_, std::max(flight, mss_) + mss_);
    in_recovery_ = false;
    return Action::none;
  }
  // Partial acknowledgment: deflate by what left the network, the next hole is the new first.
  cwnd_ -= std::min(cwnd_ - mss_, acked);
  if (acked >= mss_) cwnd_ += mss_;
  return Action::retransmit_first;
}

NewReno::Action NewReno::on_duplicate_ack(Sequence una, Sequence snd_max,
                                          std::uint32_t flight) noexcept {
  if (in_recovery_) {
    cwnd_ = std::min(cwnd_ + mss_, kWindowMax);
    return Action::none;
  }
  if (duplicates_ < kDuplicateThreshold) ++duplicates_;
  if (duplicates_ < kDuplicateThreshold || !after(una, recover_)) return Action::none;
  ssthresh_ = std::max(flight / 2, 2 * mss_);  // RFC 5681 equation 4
  cwnd_ = ssthresh_ + kDuplicateThreshold * mss_;
  recover_ = snd_max;
  in_recovery_ = true;
  duplicates_ = 0;
  return Action::retransmit_first;
}

void NewReno::on_timeout(Sequence snd_max, std::uint32_t flight, bool first_timeout) noexcept {
  if (first_timeout) ssthresh_ = std::max(flight / 2, 2 * mss_);
  cwnd_ = mss_;  // RFC 5681 3.1: the loss window
  acked_in_avoidance_ = 0;
  recover_ = snd_max;
  in_recovery_ = false;
  duplicates_ = 0;
}

void NewReno::on_idle() noexcept { cwnd_ = std::min(cwnd_, initial_); }

void NewReno::grow(std::uint32_t acked) noexcept {
  if (cwnd_ < ssthresh_) {
    cwnd_ = std::min(cwnd_ + std::min(acked, 2 * mss_), kWindowMax);  // RFC 3465, L = 2
    return;
  }
  acked_in_avoidance_ += acked;
  if (acked_in_avoidance_ < cwnd_) return;
  acked_in_avoidance_ -= cwnd_;
  cwnd_ = std::min(cwnd_ + mss_, kWindowMax);
}

}  // namespace sluice::net::tcp
