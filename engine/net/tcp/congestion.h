// Congestion control: slow start, congestion avoidance, fast retransmit (RFC 5681) with NewReno's
// recovery (RFC 6582) and byte counting (RFC 3465). Pure: it is told what happened and keeps the
// window; another algorithm is another class with these functions.
#pragma once

#include <cstdint>

#include "engine/net/tcp/sequence.h"

namespace sluice::net::tcp {

class NewReno {
 public:
  enum class Action : std::uint8_t { none, retransmit_first };

  // `iss`: no data before it can be in doubt.
  void start(std::uint32_t mss, std::uint32_t initial_segments, Sequence iss) noexcept;
  void set_mss(std::uint32_t mss) noexcept { mss_ = mss; }

  // `acked` new octets up to `ack`; `limited`: the window was what held the sender back.
  Action on_ack(Sequence ack, std::uint32_t acked, std::uint32_t flight, bool limited) noexcept;
  // A duplicate ACK; `snd_max` is the sequence after the last octet ever sent.
  Action on_duplicate_ack(Sequence una, Sequence snd_max, std::uint32_t flight) noexcept;
  void on_timeout(Sequence snd_max, std::uint32_t flight, bool first_timeout) noexcept;
  void on_idle() noexcept;  // nothing was sent for a whole RTO (RFC 5681 4.1)

  std::uint32_t window() const noexcept { return cwnd_; }
  // What may be in flight, with the extra of Limited Transmit (RFC 3042).
  std::uint32_t allowance() const noexcept {
    return in_recovery_ ? cwnd_ : cwnd_ + (duplicates_ < 2 ? duplicates_ : 2u) * mss_;
  }
  std::uint32_t threshold() const noexcept { return ssthresh_; }
  bool in_recovery() const noexcept { return in_recovery_; }

 private:
  void grow(std::uint32_t acked) noexcept;

  std::uint32_t mss_ = 0;
  std::uint32_t cwnd_ = 0;
  std::uint32_t initial_ = 0;
  std::uint32_t ssthresh_ = 0;
  std::uint32_t acked_in_avoidance_ = 0;  // octets since the last growth by one MSS
  Sequence recover_ = 0;                  // RFC 6582: snd_max when loss was last noticed
  std::uint8_t duplicates_ = 0;
  bool in_recovery_ = false;
};

}  // namespace sluice::net::tcp
