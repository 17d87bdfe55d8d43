// One episode of loss recovery: its phase, where it ends, the rate at which it sends (RFC 6937) and
// what it takes to find out that it was not needed (RFC 3522, RFC 4015, RFC 2883).
#pragma once

#include "engine/net/tcp/prr.h"
#include "engine/net/tcp/sequence.h"

namespace sluice::net::tcp {

class Recovery {
 public:
  enum class Phase : std::uint8_t {
    open,       // no loss is known
    reducing,   // a congestion mark (RFC 3168): the window goes down, nothing is repaired
    repairing,  // fast recovery (RFC 6675, RFC 8985)
    timed_out,  // after a retransmission timeout: slow start over what was outstanding
  };

  // `end` is SND.NXT: all of the episode is over once that is acknowledged.
  void begin(Phase phase_in, Sequence una, Sequence end, std::uint32_t cwnd,
             std::uint32_t ssthresh) noexcept {
    phase = phase_in;
    point = end;
    prior_cwnd = cwnd;
    prior_ssthresh = ssthresh;
    undo_from = una;
    flight = std::max(end - una, 1u);
    prr = Prr{};
    resent = unconfirmed = 0;
    may_undo = true;
    frto = Frto::off;
  }
  void end(Sequence sent_end) noexcept {
    phase = Phase::open;
    kept_until = sent_end;
    frto = Frto::off;
  }

  // A reduction lasts until something later is acknowledged, so that CWR reaches the peer before
  // its echo counts again.
  bool over_at(Sequence una) const noexcept {
    return phase == Phase::reducing ? after(una, point) : at_or_after(una, point);
  }
  bool on() const noexcept { return phase != Phase::open; }
  bool by_rate() const noexcept { return phase == Phase::reducing || phase == Phase::repairing; }

  // Something was sent again, with the timestamp `now_ms`.
  void note_retransmission(std::uint32_t timestamp) noexcept {
    if (resent == 0) first_timestamp = timestamp;
    if (resent < UINT16_MAX) ++resent;
    if (unconfirmed < UINT16_MAX) ++unconfirmed;
  }

  // The peer had already what lies from `left` on. True: all that was sent again was needless.
  bool duplicate_confirms(Sequence left) noexcept {
    if (!may_undo || before(left, undo_from) || unconfirmed == 0) return false;
    return --unconfirmed == 0;
  }

  // Eifel (RFC 3522 3.2 step 5): what was sent again with the timestamp `sent` is acknowledged by
  // an ACK that echoes an older one, so it answers the original. What was sent again before this
  // episode began says nothing about it.
  bool echo_confirms(std::uint32_t sent, std::uint32_t echo) const noexcept {
    return may_undo && resent > 0 && before(echo, first_timestamp) &&
           at_or_after(sent, first_timestamp);
  }

  // F-RTO (RFC 5682 2.1) after a timeout: has nothing been decided yet?
  enum class Frto : std::uint8_t { off, first_ack, second_ack };

  Phase phase = Phase::open;
  Frto frto = Frto::off;
  bool may_undo = false;
  std::uint16_t duplicates = 0;  // duplicate ACKs in a row; only without SACK
  Sequence point = 0;            // RecoveryPoint of RFC 6675, "recover" of RFC 6582
  Sequence kept_until = 0;       // once over, a D-SACK of it may come until this is acknowledged
  Prr prr;
  std::uint32_t flight = 1;      // RecoverFS of RFC 6937: octets outstanding as it began
  std::uint32_t prior_cwnd = 0;  // as of the episode's begin
  std::uint32_t prior_ssthresh = 0;
  Sequence undo_from = 0;             // SND.UNA then
  std::uint32_t first_timestamp = 0;  // of the first retransmission
  std::uint16_t resent = 0;           // packets sent again
  std::uint16_t unconfirmed = 0;      // of these, without a D-SACK
};

}  // namespace sluice::net::tcp
