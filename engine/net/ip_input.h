// What comes in: Ethernet with the tag of our VLAN, ARP, IPv4 (RFC 1122 3.2.1) and IPv6 (RFC 8200)
// with their checks; ICMP, neighbour discovery and TCP go up.
#pragma once

#include "engine/net/arp.h"
#include "engine/net/icmp.h"
#include "engine/net/nd.h"
#include "engine/net/reassembly.h"

namespace sluice::net {

class IpInput {
 public:
  struct Uppers {  // where things go
    Arp& arp;
    NeighborDiscovery& nd;
    Icmp& icmp;
    tcp::Tcp& tcp;
  };
  IpInput(const StackOptions& options, Port& port, const AddressTable& addresses, Uppers uppers,
          StackCounters& counters);

  void frame_in(PacketPtr packet, Instant now) noexcept;   // with its Ethernet header
  void packet_in(PacketPtr packet, Instant now) noexcept;  // bare IP, of a port without Ethernet
  void expire(Instant now) noexcept;
  std::size_t reassembling() const noexcept { return reassembly_.in_progress(); }

 private:
  // How a packet came in.
  struct Arrival {
    Instant now;
    const std::uint8_t* ip = nullptr;  // its IP header
    MacAddress from{};
    bool to_group = false;  // on the link
    bool whole = false;     // it was put together from fragments
  };

  std::optional<std::uint16_t> take_link_header(Packet& packet, Arrival& arrival) noexcept;
  void ip_in(PacketPtr packet, Arrival& arrival) noexcept;
  void ipv4_in(PacketPtr packet, Arrival& arrival) noexcept;
  void ipv6_in(PacketPtr packet, Arrival& arrival) noexcept;
  void end_of_chain(PacketPtr packet, const Ipv6Header& header, Arrival& arrival) noexcept;
  void whole_in(PacketPtr packet, Arrival& arrival) noexcept;
  void deliver(PacketPtr packet, const IpDatagram& ip, const Arrival& arrival) noexcept;
  void icmp_in(PacketPtr packet, const IpDatagram& ip, const Arrival& arrival) noexcept;
  void drop_malformed() noexcept { ++counters_.dropped_malformed; }
  void drop_not_ours() noexcept { ++counters_.dropped_not_ours; }

  MacAddress mac_;
  std::uint16_t vlan_;
  bool verify_checksums_;
  const AddressTable& addresses_;
  Uppers up_;
  StackCounters& counters_;
  Reassembly reassembly_;
};

}  // namespace sluice::net
