// Reassembly of fragments of both families under hard limits (RFC 791 3.2, RFC 8200 4.5, attacks of
// RFC 1858). A datagram is put together in one packet, so that its size is bounded by kPacketRoom
// and larger ones are dropped; which octets are there is a bitmap of 8-octet units. A fragment that
// overlaps others condemns its datagram (RFC 5722 4, here for IPv4 too); an exact duplicate is
// ignored. When there are too many, the oldest datagram makes room.
#pragma once

#include <bitset>
#include <vector>

#include "engine/base/clock.h"
#include "engine/net/packet.h"
#include "engine/net/wire/ipv4.h"
#include "engine/net/wire/ipv6.h"
#include "engine/net/wire/ipv6_chain.h"

namespace sluice::net {

inline constexpr std::size_t kReassembliesMax = 64;       // datagrams at once
inline constexpr Duration kReassemblyTime = seconds(60);  // RFC 8200 4.5, RFC 1122 3.3.2

class Reassembly {
 public:
  explicit Reassembly(PacketPool& pool) : pool_(pool), partials_(kReassembliesMax) {}
  Reassembly(const Reassembly&) = delete;
  Reassembly& operator=(const Reassembly&) = delete;

  // `fragment` starts with its checked IP header and ends with its payload. Returns the whole
  // datagram, with one IP header as if it had never been cut, when this was the missing piece.
  PacketPtr add(PacketPtr fragment, const Ipv4Header& header, Instant now) noexcept;
  PacketPtr add(PacketPtr fragment, const Ipv6Header& header, const Ipv6Chain& chain,
                Instant now) noexcept;

  // Drops one datagram that is overdue; false when there is none. `head` gets its beginning, with
  // an IP header, when its first fragment had come (for an ICMP time exceeded).
  bool expire_one(Instant now, PacketPtr& head) noexcept;
  std::size_t in_progress() const noexcept { return in_progress_; }
  Instant next_due() const noexcept { return in_progress_ == 0 ? Instant::never() : next_due_; }

 private:
  static constexpr std::size_t kUnits = kPacketRoom / 8;
  using Units = std::bitset<kUnits>;
  struct Head {
    IpAddress source;
    IpAddress destination;
    std::uint32_t identification = 0;
    std::uint8_t protocol = 0;  // of the datagram
    std::uint8_t traffic_class = 0;
    std::uint8_t hop_limit = 0;
  };
  struct Piece {
    Head head;
    std::uint32_t offset = 0;  // octets
    bool more = false;
    ByteView payload;
  };
  struct Partial {
    bool used = false;
    bool condemned = false;
    Head head;                  // of the fragment at offset 0 once that is here
    std::uint8_t ecn_seen = 0;  // bit n: a fragment had the ECN field n
    std::uint32_t total = 0;    // octets, 0 = the last fragment is not here yet
    Instant started{};
    PacketPtr whole;  // the payload from its first octet
    Units have;
    Units starts;  // where a fragment begins
  };

  PacketPtr add(const Piece& piece, Instant now) noexcept;
  Partial* find(const Head& head) noexcept;
  Partial* start(const Head& head, Instant now) noexcept;
  bool store(Partial& partial, const Piece& piece) noexcept;
  static bool is_repeated(const Partial& partial, const Piece& piece) noexcept;
  PacketPtr finish(Partial& partial) noexcept;
  void drop(Partial& partial) noexcept;

  PacketPool& pool_;
  std::vector<Partial> partials_;
  std::size_t in_progress_ = 0;
  Instant next_due_ = Instant::never();  // no datagram is overdue before
};

}  // namespace sluice::net
