// What one ACK told about the packets of the send queue, gathered while they are marked: for the
// round-trip time (RFC 6298), RACK (RFC 8985 6.2) and the congestion window (RFC 6937).
#pragma once

#include <cstdint>

#include "engine/base/clock.h"
#include "engine/net/packet.h"
#include "engine/net/tcp/flight_watcher.h"
#include "engine/net/tcp/send_marks.h"
#include "engine/net/tcp/sequence.h"
#include "engine/net/wire/tcp_options.h"

namespace sluice::net::tcp {

struct AckSample {
  // Given before the packets are marked.
  std::int64_t now_ns = 0;
  std::int64_t rtt_min_ns = 0;       // smallest round trip seen; 0 = none yet
  Sequence highest = 0;              // RACK.fack: end of the highest delivered packet
  Sequence point = 0;                // SND.NXT as the episode of recovery began
  bool has_echo = false;             // the ACK echoes a timestamp
  std::uint32_t echo = 0;            // and this is it
  std::uint32_t timestamp_base = 0;  // added to milliseconds to make a timestamp
  FlightWatcher* watcher = nullptr;  // is told of each packet

  // Gathered.
  std::uint32_t acknowledged = 0;   // octets that SND.UNA moved over
  std::uint32_t delivered = 0;      // octets acknowledged or SACKed for the first time
  std::uint32_t sacked = 0;         // of these, the SACKed ones
  std::int64_t oldest_sent_ns = 0;  // of what was acknowledged in sequence and sent only once
  std::int64_t newest_sent_ns = 0;
  std::int64_t sacked_sent_ns = 0;    // of what was SACKed and sent only once, the newest
  std::int64_t rack_sent_ns = 0;      // the latest transmission that was delivered, 0 = none
  Sequence rack_end = 0;              // the end of its packet
  std::int64_t edge_resent_ns = 0;    // when the first of it was sent again; 0: it was not
  bool retransmission_acked = false;  // something sent more than once was acknowledged in sequence
  bool original_acked = false;        // something sent once was newly delivered
  bool reordering = false;            // an original was delivered after one that was sent later

  // Of the ACK as a whole.
  bool advances = false;        // SND.UNA moved
  bool repeats = false;         // a duplicate ACK in the sense of RFC 5681 2
  bool marked = false;          // ECE: the path is congested (RFC 3168)
  bool duplicate_seen = false;  // it has a D-SACK block (RFC 2883),
  SackBlock duplicate;          // this one
  Duration rtt{};               // of the newest packet sent once, 0 = unknown

  // A packet, not SACKed before, is acknowledged in sequence.
  void take_acknowledged(Packet& packet) noexcept {
    if ((packet.marks & kRetransmitted) != 0) {
      retransmission_acked = true;
      if (acknowledged == 0) edge_resent_ns = packet.sent_ns;
    } else {
      if (oldest_sent_ns == 0) oldest_sent_ns = packet.sent_ns;
      newest_sent_ns = packet.sent_ns;
    }
    take_delivered(packet);
  }

  void take_part(std::uint32_t octets) noexcept {
    delivered += octets;
    if (watcher != nullptr) watcher->on_part_delivered(octets);
  }

  void take_sacked(Packet& packet) noexcept {
    sacked += packet.sequence_length;
    if ((packet.marks & kRetransmitted) == 0) sacked_sent_ns = packet.sent_ns;
    take_delivered(packet);
  }

  // With which that was sent again: the segment at the left edge sets the echo (RFC 7323 4.3).
  std::uint32_t edge_timestamp() const noexcept {
    return static_cast<std::uint32_t>(edge_resent_ns / 1'000'000) + timestamp_base;
  }

 private:
  void take_delivered(Packet& packet) noexcept {
    const Sequence end = packet.sequence + packet.sequence_length;
    const bool original = (packet.marks & kRetransmitted) == 0;
    delivered += packet.sequence_length;
    if (watcher != nullptr) watcher->on_delivered(packet);
    if (original) {
      if (at_or_before(end, point)) original_acked = true;
      if (before(end, highest)) reordering = true;  // RFC 8985 6.2 step 3
    }
    if (after(end, highest)) highest = end;
    if (!original && may_be_of_the_original(packet)) return;
    const bool later =
        packet.sent_ns > rack_sent_ns || (packet.sent_ns == rack_sent_ns && after(end, rack_end));
    if (!later) return;
    rack_sent_ns = packet.sent_ns;
    rack_end = end;
  }

  // RFC 8985 6.2 step 2: the ACK of a retransmission may be for the first transmission when the
  // echoed timestamp is older, or when it came back faster than any ever did.
  bool may_be_of_the_original(const Packet& packet) const noexcept {
    const auto sent_ms = static_cast<std::uint32_t>(packet.sent_ns / 1'000'000);
    if (has_echo && before(echo, sent_ms + timestamp_base)) return true;
    return now_ns - packet.sent_ns < rtt_min_ns;
  }
};

}  // namespace sluice::net::tcp
