// What was written and is not acknowledged yet, already in packets of segment size. The payload is
// the last sequence_length octets of a packet; in front of it stand the headers of its last
// transmission. A packet in transmission is shared with the device, and stays here until its ACK.
//
// The packets are linked by sequence number (Packet::next). Those in flight are also linked in the
// order of their last transmission, so that RACK finds the oldest without a search (RFC 8985 6.2);
// a SACKed packet uses the same link to jump over the SACKed packets that follow it.
#pragma once

#include "engine/net/packet.h"
#include "engine/net/tcp/ack_sample.h"
#include "engine/net/tcp/send_marks.h"
#include "engine/net/tcp/sequence.h"

namespace sluice::net::tcp {

class SendQueue {
 public:
  SendQueue() = default;
  SendQueue(const SendQueue&) = delete;
  SendQueue& operator=(const SendQueue&) = delete;
  ~SendQueue() { clear(); }

  // Sequence of the first octet that will be written.
  void start(Sequence first) noexcept { end_ = first; }

  // Copies octets in, `mss` to a packet; returns how many fitted in the pool down to `reserve`.
  std::size_t append(ByteView octets, PacketPool& pool, std::uint32_t mss,
                     std::size_t reserve) noexcept;

  // Everything before `una` has arrived.
  void acknowledge(Sequence una, AckSample& sample) noexcept;

  Packet* first() const noexcept { return first_; }
  Packet* next_to_send() const noexcept { return next_; }  // never sent yet
  Packet* next_lost() const noexcept { return lost_first_; }
  Packet* oldest_in_flight() const noexcept { return flight_first_; }
  Packet* newest_in_flight() const noexcept { return flight_last_; }

  // `packet` goes out now: the next to send, a lost one, or one in flight once more.
  void mark_sent(Packet& packet, std::int64_t now_ns) noexcept;
  void mark_sacked(Packet& packet, AckSample& sample) noexcept;
  void mark_lost(Packet& packet, FlightWatcher* watcher = nullptr) noexcept;  // it is in flight
  // After a timeout the first packet is lost, and what was sent up to `sent_until_ns`. The SACK
  // marks are forgotten, for the peer may have dropped what it had SACKed (RFC 2018 8).
  void mark_timed_out(std::int64_t sent_until_ns, FlightWatcher* watcher = nullptr) noexcept;
  // What is larger than `octets` does not pass any more; in flight, it counts as lost.
  void mark_larger_lost(std::uint32_t octets) noexcept;
  void restore_lost() noexcept;  // nothing of it was lost: it is in flight again

  // Makes two packets of one, the first with `octets` of payload. False when the pool is empty.
  bool split(Packet& packet, std::uint32_t octets) noexcept;

  Sequence end() const noexcept { return end_; }  // sequence after the last written octet
  std::uint32_t octets() const noexcept { return first_ == nullptr ? 0 : end_ - first_->sequence; }
  std::uint32_t sent() const noexcept { return octets() - unsent(); }
  std::uint32_t unsent() const noexcept { return next_ == nullptr ? 0 : end_ - next_->sequence; }
  // "pipe" of RFC 6675: what was sent and is neither SACKed nor lost.
  std::uint32_t in_flight() const noexcept { return sent() - sacked_ - lost_; }
  std::uint32_t sacked() const noexcept { return sacked_; }
  std::uint32_t sacked_packets() const noexcept { return sacked_packets_; }
  std::uint32_t lost() const noexcept { return lost_; }
  bool empty() const noexcept { return first_ == nullptr; }
  void clear() noexcept;

  // The SACKed packets that follow `packet` without a gap end with this one, as far as known.
  static Packet* end_of_run(Packet& sacked) noexcept { return sacked.sent_after; }
  static void extend_run(Packet& sacked, Packet& last) noexcept { sacked.sent_after = &last; }

 private:
  std::size_t fill_last(ByteView octets, std::uint32_t mss) noexcept;
  void link_flight(Packet& packet) noexcept;
  void unlink_flight(Packet& packet) noexcept;
  void leave_state(Packet& packet) noexcept;
  void advance_lost() noexcept;
  void trim_first(Sequence una, AckSample& sample) noexcept;

  Packet* first_ = nullptr;
  Packet* last_ = nullptr;
  Packet* next_ = nullptr;
  Packet* lost_first_ = nullptr;    // lowest in sequence
  Packet* flight_first_ = nullptr;  // oldest transmission
  Packet* flight_last_ = nullptr;
  Sequence end_ = 0;
  std::uint32_t sacked_ = 0;  // octets
  std::uint32_t lost_ = 0;
  std::uint32_t sacked_packets_ = 0;
};

inline std::uint8_t* payload_of(Packet& packet) noexcept {
  return packet.data + (packet.length - packet.sequence_length);
}

inline Sequence end_of(const Packet& packet) noexcept {
  return packet.sequence + packet.sequence_length;
}

}  // namespace sluice::net::tcp
