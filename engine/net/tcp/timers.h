// The timers of one connection. All share one entry of the timer wheel, which rings at the earliest
// due time or before; most of them move with every ACK, and moving one touches no list.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "engine/base/clock.h"

namespace sluice::net::tcp {

enum class TimerKind : std::uint8_t {
  reordering,       // RACK: a segment may only be late (RFC 8985 6.2)
  tail_loss_probe,  // RFC 8985 7; before the timeout, which it puts off
  retransmission,   // SYN and data (RFC 6298 5), zero-window probes (RFC 9293 3.8.6.1), and the end
                    // of a FIN-WAIT-2 that nobody waits for
  delayed_ack,      // RFC 9293 3.8.6.3
  cork,             // the writer said that more was coming
  keep_alive,       // RFC 9293 3.8.4
};
inline constexpr std::size_t kTimerKinds = 6;

// Held in units of 20 us modulo 2^32, rounded up: a timer lies at most 11 hours ahead.
class DueTimes {
 public:
  void set(TimerKind kind, Instant due) noexcept {
    due_[index(kind)] = static_cast<std::uint32_t>((due.ns + kUnitNs - 1) / kUnitNs);
    armed_ |= bit(kind);
  }
  void clear(TimerKind kind) noexcept { armed_ &= static_cast<std::uint8_t>(~bit(kind)); }
  void clear() noexcept { armed_ = 0; }

  bool any() const noexcept { return armed_ != 0; }
  bool armed(TimerKind kind) const noexcept { return (armed_ & bit(kind)) != 0; }
  bool is_due(TimerKind kind, Instant now) const noexcept {
    return armed(kind) && due(kind, now) <= now;
  }
  // Only when armed.
  Instant due(TimerKind kind, Instant now) const noexcept {
    const std::int64_t units = now.ns / kUnitNs;
    const std::uint32_t ahead = due_[index(kind)] - static_cast<std::uint32_t>(units);
    return {(units + static_cast<std::int32_t>(ahead)) * kUnitNs};
  }
  Instant earliest(Instant now) const noexcept {
    Instant first = Instant::never();
    for (std::size_t i = 0; i < kTimerKinds; ++i)
      if (const auto kind = static_cast<TimerKind>(i); armed(kind))
        first = std::min(first, due(kind, now));
    return first;
  }

 private:
  static constexpr std::int64_t kUnitNs = 20'000;
  static constexpr std::size_t index(TimerKind kind) { return static_cast<std::size_t>(kind); }
  static constexpr std::uint8_t bit(TimerKind kind) {
    return static_cast<std::uint8_t>(1u << index(kind));
  }

  std::array<std::uint32_t, kTimerKinds> due_{};
  std::uint8_t armed_ = 0;
};

}  // namespace sluice::net::tcp
