// What comes in: Ethernet with the tag of our VLAN, ARP, IPv4 (RFC 1122 3.2.1) and IPv6 (RFC 8200)
// with their checks. ICMP, neighbour discovery, TCP and UDP go up; what is not ours goes to the
// kernel where there is an exception device.
#pragma once

#include "engine/net/arp.h"
#include "engine/net/exception_path.h"
#include "engine/net/icmp.h"
#include "engine/net/nd.h"
#include "engine/net/reassembly.h"

namespace sluice::net {

class IpInput {
 public:
  struct Uppers {  // where things go
    Arp& arp;
    NeighborDiscovery& nd;
    MulticastListener& groups;
    Icmp& icmp;
    tcp::Tcp& tcp;
    Udp& udp;
    ExceptionPath& kernel;
  };
  IpInput(const StackOptions& options, Port& port, const AddressTable& addresses, Uppers uppers,
          StackCounters& counters);

  void frame_in(PacketPtr packet, Instant now) noexcept;   // with its Ethernet header
  void packet_in(PacketPtr packet, Instant now) noexcept;  // bare IP, of a port without Ethernet
  void expire(Instant now) noexcept;
  Instant next_expiry() const noexcept { return reassembly_.next_due(); }

 private:
  // How a packet came in.
  struct Arrival {
    Instant now;
    const std::uint8_t* frame = nullptr;  // its first octet
    const std::uint8_t* ip = nullptr;     // its IP header
    std::uint32_t protocol_at = 0;        // where that names the protocol above, from the header
    MacAddress from{};
    bool to_group = false;  // on the link
    bool whole = false;     // it has nothing of fragments or extension headers any more
  };

  std::optional<std::uint16_t> take_link_header(Packet& packet, Arrival& arrival) noexcept;
  void ip_in(PacketPtr packet, Arrival& arrival) noexcept;
  void ipv4_in(PacketPtr packet, Arrival& arrival) noexcept;
  void ipv6_in(PacketPtr packet, Arrival& arrival) noexcept;
  void chain_in(PacketPtr packet, const Ipv6Header& header, Arrival& arrival) noexcept;
  void whole_in(PacketPtr packet, Arrival& arrival) noexcept;
  void deliver(PacketPtr packet, const IpDatagram& ip, const Arrival& arrival) noexcept;
  void icmp_in(PacketPtr packet, const IpDatagram& ip, const Arrival& arrival) noexcept;
  void tcp_in(PacketPtr packet, const IpDatagram& ip, const Arrival& arrival) noexcept;
  void udp_in(PacketPtr packet, const IpDatagram& ip, const Arrival& arrival) noexcept;

  void not_ours(PacketPtr packet, const Arrival& arrival) noexcept;
  void copy_to_kernel(Packet& packet, const Arrival& arrival) noexcept;
  void refuse(const Packet& packet, const IcmpProblem& problem, const Arrival& arrival) noexcept;
  void drop_malformed() noexcept { ++counters_.dropped_malformed; }

  Port& port_;
  bool ethernet_;
  MacAddress mac_;
  std::uint16_t vlan_;
  bool verify_checksums_;
  const AddressTable& addresses_;
  Uppers up_;
  StackCounters& counters_;
  Reassembly reassembly_;
};

}  // namespace sluice::net
