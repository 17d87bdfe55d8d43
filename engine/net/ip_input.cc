#include "engine/net/ip_input.h"

#include "engine/net/wire/ethernet.h"
#include "engine/net/wire/icmp.h"

namespace sluice::net {
namespace {

IpDatagram datagram_of(const Ipv4Header& header) noexcept {
  return {IpAddress::from_v4(header.source), IpAddress::from_v4(header.destination),
          header.protocol, header.tos, header.ttl};
}

// Sources that no honest packet has (RFC 1122 3.2.1.3): this network, loopback, multicast and up.
bool is_martian(std::uint32_t source) noexcept {
  const std::uint32_t network = source >> 24;
  return network == 0 || network == 127 || network >= 224;
}

// RFC 4291 2.5.3, 2.7: loopback and multicast; and no IPv4-mapped one on the wire (RFC 6890), which
// is what IPv4 is held as in here. The unspecified one is for neighbour discovery to judge.
bool is_martian(const IpAddress& source) noexcept {
  IpAddress loopback;
  loopback.octets[15] = 1;
  return source == loopback || source.octets[0] == 0xff || source.is_v4();
}

// Leaves the IPv6 header and the protocol above.
void strip_chain(Packet& packet, Ipv6Header header, const Ipv6Chain& chain) noexcept {
  packet.trim_front(chain.offset);
  header.next_header = chain.protocol;
  header.payload_length = static_cast<std::uint16_t>(packet.length);
  write_ipv6(packet.push_front(kIpv6HeaderLength), header);
}

}  // namespace

IpInput::IpInput(const StackOptions& options, Port& port, const AddressTable& addresses,
                 Uppers uppers, StackCounters& counters)
    : port_(port),
      ethernet_(port.capabilities().ethernet),
      mac_(port.mac()),
      vlan_(options.vlan),
      verify_checksums_(options.verify_checksums),
      addresses_(addresses),
      up_(uppers),
      counters_(counters),
      reassembly_(port.pool()) {}

void IpInput::frame_in(PacketPtr packet, Instant now) noexcept {
  ++counters_.packets_in;
  Arrival arrival{.now = now, .frame = packet->data};
  if (packet->length < kEthernetHeaderLength) return drop_malformed();
  const auto type = take_link_header(*packet, arrival);
  if (!type) return not_ours(std::move(packet), arrival);
  if (*type == kEtherTypeArp) {
    copy_to_kernel(*packet, arrival);
    if (!up_.arp.message_in(packet->bytes(), now)) drop_malformed();
  } else if (*type == kEtherTypeIpv4 && !arrival.to_group) {  // RFC 1122 3.3.6
    ipv4_in(std::move(packet), arrival);
  } else if (*type == kEtherTypeIpv6) {
    ipv6_in(std::move(packet), arrival);
  } else {
    not_ours(std::move(packet), arrival);
  }
}

void IpInput::packet_in(PacketPtr packet, Instant now) noexcept {
  ++counters_.packets_in;
  Arrival arrival{.now = now, .frame = packet->data};
  ip_in(std::move(packet), arrival);
}

// The EtherType behind the Ethernet header and our tag; nothing: the frame is not for us.
std::optional<std::uint16_t> IpInput::take_link_header(Packet& packet, Arrival& arrival) noexcept {
  const MacAddress to = load_mac(packet.data);
  arrival.from = load_mac(packet.data + to.size());
  arrival.to_group = is_group(to);
  std::uint32_t length = kEthernetHeaderLength;
  std::uint16_t type = load16(packet.data + 2 * to.size());
  std::uint16_t vlan = 0;
  if (type == kEtherTypeVlan && packet.length >= kEthernetHeaderLength + kVlanTagLength) {
    vlan = load16(packet.data + length) & kVlanIdMask;  // 0: a priority, no network
    type = load16(packet.data + length + 2);
    length += kVlanTagLength;
  }
  const bool to_another = !arrival.to_group && to != mac_;
  if (vlan != vlan_ || to_another) return {};
  packet.trim_front(length);
  return type;
}

void IpInput::ip_in(PacketPtr packet, Arrival& arrival) noexcept {
  if (packet->length == 0) return drop_malformed();
  if (packet->data[0] >> 4 == 6) return ipv6_in(std::move(packet), arrival);
  ipv4_in(std::move(packet), arrival);
}

void IpInput::ipv4_in(PacketPtr packet, Arrival& arrival) noexcept {
  const auto header = parse_ipv4(packet->bytes());
  if (!header) return drop_malformed();
  const ByteView header_octets = packet->bytes().first(header->header_length);
  const bool verified = !verify_checksums_ || (packet->flags & kRxIpChecksumGood) != 0;
  if (!verified && !ipv4_checksum_good(header_octets)) return drop_malformed();
  const IpDatagram ip = datagram_of(*header);
  if (!addresses_.is_ours(ip.destination)) return not_ours(std::move(packet), arrival);
  if (is_martian(header->source) || addresses_.is_ours(ip.source)) return drop_malformed();
  packet->length = header->total_length;  // without the padding of a short frame
  if (header->is_fragment())
    return whole_in(reassembly_.add(std::move(packet), *header, arrival.now), arrival);
  arrival.ip = packet->data;
  arrival.protocol_at = 9;
  packet->trim_front(header->header_length);
  deliver(std::move(packet), ip, arrival);
}

void IpInput::ipv6_in(PacketPtr packet, Arrival& arrival) noexcept {
  const auto header = parse_ipv6(packet->bytes());
  if (!header) return drop_malformed();
  const bool for_us =
      addresses_.is_ours(header->destination) || addresses_.is_our_group(header->destination);
  if (!for_us) return not_ours(std::move(packet), arrival);
  if (is_martian(header->source) || addresses_.is_ours(header->source)) return drop_malformed();
  packet->length = kIpv6HeaderLength + header->payload_length;
  chain_in(std::move(packet), *header, arrival);
}

// RFC 8200 4
void IpInput::chain_in(PacketPtr packet, const Ipv6Header& header, Arrival& arrival) noexcept {
  const Ipv6Chain chain = walk_ipv6_chain(packet->bytes());
  if (chain.end == Ipv6Chain::End::problem) {
    drop_malformed();
    return up_.icmp.report({.type = kIcmpv6ParameterProblem,
                            .code = chain.code,
                            .word = chain.pointer,
                            .even_to_group = chain.even_to_group},
                           packet->bytes(), arrival.now);
  }
  if (chain.end == Ipv6Chain::End::fragment && !arrival.whole)
    return whole_in(reassembly_.add(std::move(packet), header, chain, arrival.now), arrival);
  if (chain.end != Ipv6Chain::End::upper) return drop_malformed();
  const bool has_ports = chain.protocol == kProtocolTcp || chain.protocol == kProtocolUdp;
  if (has_ports && chain.offset != kIpv6HeaderLength && !arrival.whole) {
    // Whoever spread the packets over the cores saw no ports behind extension headers.
    strip_chain(*packet, header, chain);
    return whole_in(std::move(packet), arrival);
  }
  arrival.ip = packet->data;
  arrival.protocol_at = chain.pointer;
  packet->trim_front(chain.offset);
  deliver(
      std::move(packet),
      {header.source, header.destination, chain.protocol, header.traffic_class, header.hop_limit},
      arrival);
}

// A datagram that is whole (again) goes its way as a frame that has just come in, here or on the
// core that its flow belongs to.
void IpInput::whole_in(PacketPtr packet, Arrival& arrival) noexcept {
  if (!packet) return;
  std::uint32_t link_length = 0;
  if (ethernet_) {
    const std::uint16_t type = packet->data[0] >> 4 == 6 ? kEtherTypeIpv6 : kEtherTypeIpv4;
    link_length = write_link_header(*packet, {mac_, arrival.from, type}, vlan_);
  }
  if (port_.hand_over(packet.get())) {
    packet.release();
    ++counters_.handed_over;
    return;
  }
  arrival.frame = packet->data;
  arrival.whole = true;
  packet->trim_front(link_length);
  ip_in(std::move(packet), arrival);
}

void IpInput::deliver(PacketPtr packet, const IpDatagram& ip, const Arrival& arrival) noexcept {
  const bool v4 = ip.source.is_v4();
  if (ip.protocol == (v4 ? kProtocolIcmp : kProtocolIcmpv6))
    return icmp_in(std::move(packet), ip, arrival);
  const bool to_group = !v4 && ip.destination.octets[0] == 0xff;
  if (to_group || ip.source.is_unspecified()) return not_ours(std::move(packet), arrival);
  switch (ip.protocol) {
    case kProtocolTcp: return tcp_in(std::move(packet), ip, arrival);
    case kProtocolUdp: return udp_in(std::move(packet), ip, arrival);
    default: break;
  }
  if (!up_.kernel.enabled())
    refuse(*packet, protocol_unreachable(v4, arrival.protocol_at), arrival);
  not_ours(std::move(packet), arrival);
}

void IpInput::tcp_in(PacketPtr packet, const IpDatagram& ip, const Arrival& arrival) noexcept {
  if (up_.kernel.enabled() && packet->length >= 4) {
    const Endpoint remote{ip.source, load16(packet->data)};
    const Endpoint local{ip.destination, load16(packet->data + 2)};
    if (!up_.tcp.takes(local, remote)) return not_ours(std::move(packet), arrival);
  }
  up_.tcp.segment_in(std::move(packet), ip);
}

void IpInput::udp_in(PacketPtr packet, const IpDatagram& ip, const Arrival& arrival) noexcept {
  switch (up_.udp.datagram_in(packet, ip)) {
    case Udp::Taken::yes: return;
    case Udp::Taken::malformed: return drop_malformed();
    case Udp::Taken::nobody: break;
  }
  if (!up_.kernel.enabled()) refuse(*packet, port_unreachable(ip.source.is_v4()), arrival);
  not_ours(std::move(packet), arrival);
}

void IpInput::icmp_in(PacketPtr packet, const IpDatagram& ip, const Arrival& arrival) noexcept {
  const bool v4 = ip.source.is_v4();
  const ByteView icmp = packet->bytes();
  const std::uint16_t pseudo =
      v4 ? std::uint16_t{0}
         : pseudo_header_sum(ip.source, ip.destination, kProtocolIcmpv6, packet->length);
  const bool sound = icmp.size() >= kIcmpHeaderLength &&
                     (!verify_checksums_ || checksum_add(pseudo, checksum_sum(icmp)) == 0xffff);
  if (!sound) return drop_malformed();
  const bool asks_us = icmp[0] == (v4 ? kIcmpEchoRequest : kIcmpv6EchoRequest);
  if (!asks_us) copy_to_kernel(*packet, arrival);  // answers and errors that may be for it
  if (!v4 && NeighborDiscovery::is_nd(icmp[0])) {
    if (!up_.nd.message_in(icmp, ip, arrival.from, arrival.now)) drop_malformed();
    return;
  }
  if (!v4 && icmp[0] == kMldQuery) {
    if (!up_.groups.query_in(icmp, ip, arrival.now)) drop_malformed();
    return;
  }
  if (ip.source.is_unspecified()) return drop_malformed();
  up_.icmp.message_in(std::move(packet), ip, arrival.now);
}

void IpInput::not_ours(PacketPtr packet, const Arrival& arrival) noexcept {
  if (!up_.kernel.enabled()) {
    ++counters_.dropped_not_ours;
    return;
  }
  packet->push_front(static_cast<std::uint32_t>(packet->data - arrival.frame));
  up_.kernel.give(std::move(packet));
}

void IpInput::copy_to_kernel(Packet& packet, const Arrival& arrival) noexcept {
  if (!up_.kernel.enabled() || (packet.flags & kRxCopy) != 0) return;
  const auto trimmed = static_cast<std::uint32_t>(packet.data - arrival.frame);
  packet.push_front(trimmed);
  up_.kernel.give_copy(packet);
  packet.trim_front(trimmed);
}

// `packet` is trimmed; the sender is shown it from its IP header.
void IpInput::refuse(const Packet& packet, const IcmpProblem& problem,
                     const Arrival& arrival) noexcept {
  up_.icmp.report(problem, {arrival.ip, packet.data + packet.length}, arrival.now);
}

void IpInput::expire(Instant now) noexcept {
  PacketPtr head;
  while (reassembly_.expire_one(now, head)) {
    if (!head) continue;
    up_.icmp.report(reassembly_time_exceeded(head->data[0] >> 4 == 4), head->bytes(), now);
    head.reset();
  }
}

}  // namespace sluice::net
