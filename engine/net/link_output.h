// Frames onto the link of one port: the Ethernet header with the VLAN tag of the port, and the
// small messages that neighbours exchange.
#pragma once

#include "engine/net/tx_queue.h"
#include "engine/net/wire/arp.h"
#include "engine/net/wire/nd.h"

namespace sluice::net {

class LinkOutput {
 public:
  // vlan 0: frames have no tag.
  LinkOutput(Port& port, TxQueue& tx, std::uint16_t vlan);

  // `packet` starts with its IP header; `type` is the EtherType.
  void send(PacketPtr packet, const MacAddress& to, std::uint16_t type) noexcept;
  void send_bare(PacketPtr packet) noexcept;  // for a port without Ethernet
  void send_arp(const ArpMessage& message, const MacAddress& to) noexcept;
  void send_nd(const NeighborMessage& message, const IpAddress& source,
               const IpAddress& destination, const MacAddress& to) noexcept;
  // RFC 4861 6.3.7; an unspecified source does not tell our link-layer address.
  void send_router_solicitation(const IpAddress& source) noexcept;

  bool ethernet() const noexcept { return ethernet_; }
  std::uint16_t vlan() const noexcept { return vlan_; }
  const MacAddress& mac() const noexcept { return mac_; }

 private:
  void send_icmpv6(PacketPtr packet, const IpAddress& source, const IpAddress& destination,
                   const MacAddress& to) noexcept;

  PacketPool& pool_;
  TxQueue& tx_;
  bool ethernet_;
  std::uint16_t vlan_;
  MacAddress mac_;
};

}  // namespace sluice::net
