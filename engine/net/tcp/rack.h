// RACK, time-based loss detection (RFC 8985): a packet is lost when one that was sent sufficiently
// later has arrived. Pure: it is told what an ACK delivered and marks packets of the send queue.
#pragma once

#include "engine/net/tcp/rtt.h"
#include "engine/net/tcp/send_queue.h"

namespace sluice::net::tcp {

class Rack {
 public:
  void start(Sequence iss) noexcept;

  // Steps 1 to 3 of RFC 8985 6.2: what the ACK delivered.
  void take(const AckSample& sample) noexcept;

  // Step 4, the reordering window. `una`, `sent_end`: SND.UNA and SND.NXT; `recovering`: fast or
  // timeout recovery is on.
  void adapt_window(bool duplicate_seen, Sequence una, Sequence sent_end) noexcept;
  void leave_recovery() noexcept;
  Duration reordering_window(const SendQueue& queue, const RttEstimator& rtt,
                             bool recovering) const noexcept;

  // Step 5: marks what is lost as of `now`. Returns how long until the next packet in flight has
  // to be looked at again, 0 when none.
  Duration detect_loss(SendQueue& queue, Duration window, Instant now) const noexcept;

  Sequence highest_delivered() const noexcept { return fack_; }
  bool reordering_seen() const noexcept { return reordering_seen_; }
  std::uint32_t rtt_us() const noexcept { return rtt_us_; }

 private:
  std::int64_t xmit_ns_ = 0;         // RACK.xmit_ts: latest transmission that was delivered
  Sequence end_seq_ = 0;             // the end of its packet
  Sequence fack_ = 0;                // RACK.fack: end of the highest packet delivered
  std::uint32_t rtt_us_ = 0;         // RACK.rtt: of that transmission
  Sequence dsack_round_ = 0;         // SND.NXT when D-SACK widened the window last
  std::uint8_t window_factor_ = 1;   // RACK.reo_wnd_mult
  std::uint8_t window_persist_ = 0;  // recoveries that it still lasts
  bool in_dsack_round_ = false;
  bool reordering_seen_ = false;
};

}  // namespace sluice::net::tcp
