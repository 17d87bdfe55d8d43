// Spaces what leaves at a rate (draft-ietf-ccwg-bbr 5.6.2, 5.6.3), in quanta: so much leaves at
// once, then nothing until it is paid for. A quantum is what a millisecond carries. Pure.
#pragma once

#include <algorithm>
#include <cstdint>

#include "engine/base/clock.h"

namespace sluice::net::tcp {

class Pacer {
 public:
  static constexpr std::uint32_t kQuantumMax = 64 * 1'024;  // octets
  static constexpr std::uint32_t kQuantumSegmentsMin = 2;
  static constexpr Duration kLateMax = milliseconds(20);

  void set_rate(double octets_per_second) noexcept { rate_ = octets_per_second; }
  double rate() const noexcept { return rate_; }

  std::uint32_t quantum(std::uint32_t mss) const noexcept {
    const double millisecond = std::min(rate_ * 1e-3, double{kQuantumMax});
    return std::max(static_cast<std::uint32_t>(millisecond), kQuantumSegmentsMin * mss);
  }

  // May something leave now? If not, wait until next().
  bool may_send(std::uint32_t mss, Instant now) noexcept {
    if (waiting_ && now < next_) return false;
    waiting_ = next_ - now >= time_for(quantum(mss));
    return !waiting_;
  }
  bool waiting() const noexcept { return waiting_; }
  Instant next() const noexcept { return next_; }

  // A timer that rings late must not slow the flow down: what it was late by is made good, at twice
  // the rate rather than at once.
  void on_sent(std::uint32_t octets, bool from_idle, Instant now) noexcept {
    if (from_idle) late_ = {};
    if (next_ < now) {
      if (!from_idle) late_ = std::min(late_ + (now - next_), kLateMax);
      next_ = now;
    }
    const Duration time = time_for(octets);
    const Duration saved = std::min(late_, time / 2);
    late_ = late_ - saved;
    next_ = next_ + (time - saved);
  }

 private:
  Duration time_for(std::uint32_t octets) const noexcept {
    return nanoseconds(static_cast<std::int64_t>(octets * 1e9 / rate_));
  }

  double rate_ = 1;  // octets per second
  Instant next_{};   // when all that was sent is paid for
  Duration late_{};  // not made good yet
  bool waiting_ = false;
};

}  // namespace sluice::net::tcp
