#include "engine/net/tcp/rack.h"

namespace sluice::net::tcp {

void Rack::take(const AckSample& sample) noexcept {
  fack_ = sample.highest;
  if (sample.rack_sent_ns == 0) return;
  rtt_us_ = static_cast<std::uint32_t>((sample.now_ns - sample.rack_sent_ns) / 1'000);
  const bool later = sample.rack_sent_ns > xmit_ns_ ||
                     (sample.rack_sent_ns == xmit_ns_ && after(sample.rack_end, end_seq_));
  if (!later) return;
  xmit_ns_ = sample.rack_sent_ns;
  end_seq_ = sample.rack_end;
}

// The list is in order of transmission, so the first packet that is not lost yet ends the walk, and
// its time is when to look again. (RFC 8985 waits for the last such packet; to wait for the first
// costs a timer more when packets are spread, and finds each loss when it is due.)
Duration Rack::detect_loss(SendQueue& queue, Duration window, Instant now,
                           FlightWatcher* watcher) const noexcept {
  const std::int64_t allowed = std::int64_t{rtt_us_} * 1'000 + window.ns;
  while (Packet* packet = queue.oldest_in_flight()) {
    const bool sent_before = packet->sent_ns < xmit_ns_ ||
                             (packet->sent_ns == xmit_ns_ && before(end_of(*packet), end_seq_));
    if (!sent_before) return {};
    const std::int64_t remaining = packet->sent_ns + allowed - now.ns;
    if (remaining > 0) return {remaining};
    queue.mark_lost(*packet, watcher);
  }
  return {};
}

}  // namespace sluice::net::tcp
