// What comes in: Ethernet, ARP, IPv4 (RFC 1122 3.2.1) and IPv6 (RFC 8200) with their checks, ICMP;
// TCP goes up.
#pragma once

#include "engine/net/ip_output.h"
#include "engine/net/reassembly.h"
#include "engine/net/tcp/tcp.h"

namespace sluice::net {

inline constexpr std::uint32_t kIcmpPerSecondMax = 1'000;  // echo replies per core

class IpInput {
 public:
  IpInput(Port& port, NeighborCache& neighbors, IpOutput& ip, TxQueue& tx, tcp::Tcp& tcp,
          StackCounters& counters)
      : mac_(port.mac()),
        neighbors_(neighbors),
        ip_(ip),
        tx_(tx),
        tcp_(tcp),
        counters_(counters),
        reassembly_(port.pool()) {}

  void frame_in(PacketPtr packet, Instant now) noexcept;   // with its Ethernet header
  void packet_in(PacketPtr packet, Instant now) noexcept;  // bare IP, of a port without Ethernet
  void expire(Instant now) noexcept { reassembly_.expire(now); }
  std::size_t reassembling() const noexcept { return reassembly_.in_progress(); }

 private:
  void arp_in(PacketPtr packet, Instant now) noexcept;
  void ipv4_in(PacketPtr packet, Instant now) noexcept;
  void ipv6_in(PacketPtr packet, Instant now) noexcept;
  void deliver(PacketPtr packet, const IpDatagram& ip, Instant now) noexcept;
  void icmp_in(PacketPtr packet, const IpDatagram& ip, Instant now) noexcept;
  void icmpv6_in(PacketPtr packet, const IpDatagram& ip, Instant now) noexcept;
  void answer_echo(PacketPtr packet, const IpDatagram& ip, Instant now) noexcept;
  void drop_malformed() noexcept { ++counters_.dropped_malformed; }

  MacAddress mac_;
  NeighborCache& neighbors_;
  IpOutput& ip_;
  TxQueue& tx_;
  tcp::Tcp& tcp_;
  StackCounters& counters_;
  Reassembly reassembly_;
  Instant icmp_second_{};
  std::uint32_t icmp_sent_ = 0;  // since icmp_second_
};

}  // namespace sluice::net
