// What was written and is not acknowledged yet, already in packets of segment size. The payload is
// the last sequence_length octets of a packet; in front of it stand the headers of its last
// transmission. A packet in transmission is shared with the device, and stays here until its ACK.
#pragma once

#include "engine/net/packet.h"
#include "engine/net/tcp/sequence.h"

namespace sluice::net::tcp {

enum SendMarks : std::uint16_t { kSent = 1, kSentTwice = 2 };

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

  // Everything before `una` has arrived. Returns when the newest packet among what is freed was
  // sent, or 0 when none was sent exactly once (Karn's rule, RFC 6298 3).
  std::int64_t acknowledge(Sequence una) noexcept;

  Packet* first() const noexcept { return first_; }
  Packet* next_to_send() const noexcept { return next_; }
  void sent_next() noexcept { next_ = next_->next; }
  void rewind() noexcept { next_ = first_; }  // everything unacknowledged is to be sent again

  // Makes two packets of one, the first with `octets` of payload. False when the pool is empty.
  bool split(Packet& packet, std::uint32_t octets) noexcept;

  Sequence end() const noexcept { return end_; }  // sequence after the last written octet
  std::uint32_t octets() const noexcept { return octets_; }
  bool empty() const noexcept { return first_ == nullptr; }
  void clear() noexcept;

 private:
  std::size_t fill_last(ByteView octets, std::uint32_t mss) noexcept;

  Packet* first_ = nullptr;
  Packet* last_ = nullptr;
  Packet* next_ = nullptr;
  Sequence end_ = 0;
  std::uint32_t octets_ = 0;
};

inline std::uint8_t* payload_of(Packet& packet) noexcept {
  return packet.data + (packet.length - packet.sequence_length);
}

}  // namespace sluice::net::tcp
