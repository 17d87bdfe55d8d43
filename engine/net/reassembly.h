// Reassembly of IPv4 fragments under hard limits (RFC 791 3.2, attacks of RFC 1858). A datagram is
// put together in one packet, so that its size is bounded by kPacketRoom; which octets are there is
// a bitmap of 8-octet units. A fragment that overlaps others in part condemns its datagram.
#pragma once

#include <bitset>
#include <vector>

#include "engine/base/clock.h"
#include "engine/net/packet.h"
#include "engine/net/wire/ipv4.h"

namespace sluice::net {

inline constexpr std::size_t kReassembliesMax = 64;  // datagrams at once
inline constexpr Duration kReassemblyTime = seconds(15);

class Reassembly {
 public:
  explicit Reassembly(PacketPool& pool) : pool_(pool), partials_(kReassembliesMax) {}
  Reassembly(const Reassembly&) = delete;
  Reassembly& operator=(const Reassembly&) = delete;

  // `fragment` starts with its IP header, whose payload is checked. Returns the whole datagram's
  // payload (the header is gone) when this was the missing piece, else nothing.
  PacketPtr add(PacketPtr fragment, const Ipv4Header& header, Instant now) noexcept;
  // Drops what is overdue.
  void expire(Instant now) noexcept;
  std::size_t in_progress() const noexcept { return in_progress_; }

 private:
  static constexpr std::size_t kUnits = kPacketRoom / 8;
  struct Partial {
    bool used = false;
    bool condemned = false;
    std::uint8_t protocol = 0;
    std::uint16_t identification = 0;
    std::uint32_t source = 0;
    std::uint32_t destination = 0;
    std::uint32_t total = 0;  // octets, 0 = the last fragment is not here yet
    Instant started{};
    PacketPtr whole;
    std::bitset<kUnits> have;
  };

  Partial* find(const Ipv4Header& header) noexcept;
  Partial* start(const Ipv4Header& header, Instant now) noexcept;
  bool store(Partial& partial, const Packet& fragment, const Ipv4Header& header) noexcept;
  void drop(Partial& partial) noexcept;

  PacketPool& pool_;
  std::vector<Partial> partials_;
  std::size_t in_progress_ = 0;
};

}  // namespace sluice::net
