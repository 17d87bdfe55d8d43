#include "engine/net/tcp/rack.h"

#include <algorithm>

#include "engine/net/tcp/sack_scoreboard.h"

namespace sluice::net::tcp {
namespace {

constexpr std::uint8_t kWindowPersist = 16;     // recoveries (RFC 8985 6.2 step 4)
constexpr std::uint8_t kWindowFactorMax = 255;  // the window never exceeds SRTT anyway

}  // namespace

void Rack::start(Sequence iss) noexcept {
  *this = Rack{};
  end_seq_ = fack_ = iss;
}

void Rack::take(const AckSample& sample) noexcept {
  fack_ = sample.highest;
  if (sample.reordering) reordering_seen_ = true;
  if (sample.rack_sent_ns == 0) return;
  rtt_us_ = static_cast<std::uint32_t>((sample.now_ns - sample.rack_sent_ns) / 1'000);
  const bool later = sample.rack_sent_ns > xmit_ns_ ||
                     (sample.rack_sent_ns == xmit_ns_ && after(sample.rack_end, end_seq_));
  if (!later) return;
  xmit_ns_ = sample.rack_sent_ns;
  end_seq_ = sample.rack_end;
}

void Rack::adapt_window(bool duplicate_seen, Sequence una, Sequence sent_end) noexcept {
  if (in_dsack_round_ && at_or_after(una, dsack_round_)) in_dsack_round_ = false;
  if (!duplicate_seen || in_dsack_round_) return;
  in_dsack_round_ = true;
  dsack_round_ = sent_end;
  if (window_factor_ < kWindowFactorMax) ++window_factor_;
  window_persist_ = kWindowPersist;
}

void Rack::leave_recovery() noexcept {
  if (window_persist_ > 0 && --window_persist_ == 0) window_factor_ = 1;
}

Duration Rack::reordering_window(const SendQueue& queue, const RttEstimator& rtt,
                                 bool recovering) const noexcept {
  if (!reordering_seen_ && (recovering || queue.sacked_packets() >= kDuplicateThreshold)) return {};
  const std::uint64_t quarters = std::uint64_t{window_factor_} * rtt.min_us() / 4;
  return microseconds(static_cast<std::int64_t>(std::min<std::uint64_t>(quarters, rtt.srtt_us)));
}

// The list is in order of transmission, so the first packet that is not lost yet ends the walk, and
// its time is when to look again. (RFC 8985 waits for the last such packet; to wait for the first
// costs a timer more when packets are spread, and finds each loss when it is due.)
Duration Rack::detect_loss(SendQueue& queue, Duration window, Instant now) const noexcept {
  const std::int64_t allowed = std::int64_t{rtt_us_} * 1'000 + window.ns;
  while (Packet* packet = queue.oldest_in_flight()) {
    const bool sent_before = packet->sent_ns < xmit_ns_ ||
                             (packet->sent_ns == xmit_ns_ && before(end_of(*packet), end_seq_));
    if (!sent_before) return {};
    const std::int64_t remaining = packet->sent_ns + allowed - now.ns;
    if (remaining > 0) return {remaining};
    queue.mark_lost(*packet);
  }
  return {};
}

}  // namespace sluice::net::tcp
