// What has arrived: packets in order that wait to be read, and packets beyond a gap. Payload stays
// in the packet it came in; only small segments are gathered into the room of the packet before
// them, so that a peer who sends single octets cannot hold a buffer with each.
#pragma once

#include <array>
#include <span>

#include "engine/net/packet.h"
#include "engine/net/tcp/sequence.h"
#include "engine/net/wire/tcp_options.h"

namespace sluice::net::tcp {

// How many packets a connection keeps beyond a gap: so many in any case, and one for so many octets
// of its window, so that a window of well-filled segments fits and one of single octets does not.
inline constexpr std::uint32_t kOutOfOrderPacketsMin = 192;
inline constexpr std::uint32_t kOutOfOrderOctets = 1'024;
inline constexpr std::uint32_t kGatherOctetsMax = 256;  // a segment up to this size is copied

class ReceiveQueue {
 public:
  ReceiveQueue() = default;
  ReceiveQueue(const ReceiveQueue&) = delete;
  ReceiveQueue& operator=(const ReceiveQueue&) = delete;
  ~ReceiveQueue() { clear(); }

  // The oldest unread octets, contiguous.
  ByteView front() const noexcept { return first_ == nullptr ? ByteView{} : first_->bytes(); }
  void consume(std::size_t count) noexcept;
  // Copies the oldest octets without consuming them; returns how many.
  std::size_t copy(std::span<std::uint8_t> out) const noexcept;
  std::uint32_t octets() const noexcept { return octets_; }  // unread, in order
  bool empty() const noexcept { return first_ == nullptr; }

  // `packet` holds the octets that follow the last ones.
  void append(PacketPtr packet) noexcept;

  // `packet` holds octets from packet->sequence on, beyond a gap; `window` is what the connection
  // may receive in all. Overlaps are trimmed. False: it brought nothing or the limit is reached.
  bool store(PacketPtr packet, std::uint32_t window) noexcept;
  // Appends the stored packets that have come in order; returns the sequence after them.
  Sequence join(Sequence rcv_nxt) noexcept;
  bool has_gap() const noexcept { return stored_first_ != nullptr; }
  // The first contiguous part of `block` that is stored; empty when none is.
  SackBlock overlap(SackBlock block) const noexcept;

  void clear() noexcept;
  void clear_unread() noexcept;  // what is beyond a gap stays

 private:
  Packet* first_ = nullptr;
  Packet* last_ = nullptr;
  Packet* stored_first_ = nullptr;  // by sequence, disjoint
  Packet* stored_last_ = nullptr;
  std::uint32_t octets_ = 0;
  std::uint32_t stored_count_ = 0;
};

}  // namespace sluice::net::tcp
