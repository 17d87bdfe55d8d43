#include "engine/net/link_output.h"

#include "engine/net/wire/checksum.h"
#include "engine/net/wire/ipv6.h"

namespace sluice::net {

LinkOutput::LinkOutput(Port& port, TxQueue& tx, std::uint16_t vlan)
    : pool_(port.pool()),
      tx_(tx),
      ethernet_(port.capabilities().ethernet),
      vlan_(vlan),
      mac_(port.mac()) {}

void LinkOutput::send(PacketPtr packet, const MacAddress& to, std::uint16_t type) noexcept {
  packet->l2_length =
      static_cast<std::uint8_t>(write_link_header(*packet, {to, mac_, type}, vlan_));
  tx_.push(std::move(packet));
}

void LinkOutput::send_bare(PacketPtr packet) noexcept {
  packet->l2_length = 0;
  tx_.push(std::move(packet));
}

void LinkOutput::send_arp(const ArpMessage& message, const MacAddress& to) noexcept {
  PacketPtr packet(pool_.allocate());
  if (!packet) return;
  packet->length = kArpLength;
  write_arp(packet->data, message);
  send(std::move(packet), to, kEtherTypeArp);
}

void LinkOutput::send_nd(const NeighborMessage& message, const IpAddress& source,
                         const IpAddress& destination, const MacAddress& to) noexcept {
  PacketPtr packet(pool_.allocate());
  if (!packet) return;
  packet->length = write_neighbor_message(packet->data, message);
  send_icmpv6(std::move(packet), source, destination, to);
}

void LinkOutput::send_router_solicitation(const IpAddress& source) noexcept {
  PacketPtr packet(pool_.allocate());
  if (!packet) return;
  packet->length = write_router_solicitation(
      packet->data, source.is_unspecified() ? std::nullopt : std::optional(mac_));
  send_icmpv6(std::move(packet), source, kAllRouters, multicast_mac(kAllRouters));
}

void LinkOutput::send_icmpv6(PacketPtr packet, const IpAddress& source,
                             const IpAddress& destination, const MacAddress& to) noexcept {
  std::uint8_t* icmp = packet->data;
  const std::uint16_t pseudo =
      pseudo_header_sum(source, destination, kProtocolIcmpv6, packet->length);
  store16(icmp + 2,
          static_cast<std::uint16_t>(~checksum_add(pseudo, checksum_sum(packet->bytes()))));
  Ipv6Header header;
  header.payload_length = static_cast<std::uint16_t>(packet->length);
  header.next_header = kProtocolIcmpv6;
  header.hop_limit = kNdHopLimit;
  header.source = source;
  header.destination = destination;
  write_ipv6(packet->push_front(kIpv6HeaderLength), header);
  send(std::move(packet), to, kEtherTypeIpv6);
}

}  // namespace sluice::net
