// RACK, time-based loss detection (RFC 8985 6.2): a packet is lost when one that was sent
// sufficiently later has arrived. Pure: it is told what an ACK delivered and marks packets of the
// send queue. As long as no packet was SACKed, all that is in flight was sent after what was
// delivered; so this begins anew with each episode.
#pragma once

#include "engine/base/clock.h"
#include "engine/net/tcp/send_queue.h"

namespace sluice::net::tcp {

class Rack {
 public:
  explicit Rack(Sequence una) noexcept : end_seq_(una), fack_(una) {}

  // Steps 1 to 3: what the ACK delivered.
  void take(const AckSample& sample) noexcept;

  // Step 5: marks what is lost as of `now`, where packets may be late by `window`. Returns how long
  // until the next packet in flight has to be looked at again, 0 when none.
  Duration detect_loss(SendQueue& queue, Duration window, Instant now,
                       FlightWatcher* watcher = nullptr) const noexcept;

  Sequence highest_delivered() const noexcept { return fack_; }
  std::uint32_t rtt_us() const noexcept { return rtt_us_; }

 private:
  std::int64_t xmit_ns_ = 0;  // RACK.xmit_ts: latest transmission that was delivered
  Sequence end_seq_;          // the end of its packet
  Sequence fack_;             // RACK.fack: end of the highest packet delivered
  std::uint32_t rtt_us_ = 0;  // RACK.rtt: of that transmission
};

}  // namespace sluice::net::tcp
