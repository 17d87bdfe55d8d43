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

}  // namespace

IpInput::IpInput(const StackOptions& options, Port& port, const AddressTable& addresses,
                 Uppers uppers, StackCounters& counters)
    : mac_(port.mac()),
      vlan_(options.vlan),
      verify_checksums_(options.verify_checksums),
      addresses_(addresses),
      up_(uppers),
      counters_(counters),
      reassembly_(port.pool()) {}

void IpInput::frame_in(PacketPtr packet, Instant now) noexcept {
  ++counters_.packets_in;
  Arrival arrival{.now = now};
  const auto type = take_link_header(*packet, arrival);
  if (!type) return;
  if (*type == kEtherTypeArp) {
    if (!up_.arp.message_in(packet->bytes(), now)) drop_malformed();
  } else if (*type == kEtherTypeIpv4 && !arrival.to_group) {  // RFC 1122 3.3.6
    ipv4_in(std::move(packet), arrival);
  } else if (*type == kEtherTypeIpv6) {
    ipv6_in(std::move(packet), arrival);
  } else {
    drop_not_ours();
  }
}

void IpInput::packet_in(PacketPtr packet, Instant now) noexcept {
  ++counters_.packets_in;
  Arrival arrival{.now = now};
  ip_in(std::move(packet), arrival);
}

// The EtherType behind the Ethernet header and our tag; nothing: the frame is not for us.
std::optional<std::uint16_t> IpInput::take_link_header(Packet& packet, Arrival& arrival) noexcept {
  const auto header = parse_ethernet(packet.bytes());
  if (!header) {
    drop_malformed();
    return {};
  }
  arrival.from = header->source;
  arrival.to_group = is_group(header->destination);
  std::uint32_t length = kEthernetHeaderLength;
  std::uint16_t type = header->type;
  std::uint16_t vlan = 0;
  if (type == kEtherTypeVlan && packet.length >= kEthernetHeaderLength + kVlanTagLength) {
    vlan = load16(packet.data + length) & kVlanIdMask;  // 0: a priority, no network
    type = load16(packet.data + length + 2);
    length += kVlanTagLength;
  }
  if (vlan != vlan_ || (!arrival.to_group && header->destination != mac_)) {
    drop_not_ours();
    return {};
  }
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
  if (!addresses_.is_ours(ip.destination)) return drop_not_ours();
  if (is_martian(header->source) || addresses_.is_ours(ip.source)) return drop_malformed();
  packet->length = header->total_length;  // without the padding of a short frame
  if (header->is_fragment())
    return whole_in(reassembly_.add(std::move(packet), *header, arrival.now), arrival);
  arrival.ip = packet->data;
  packet->trim_front(header->header_length);
  deliver(std::move(packet), ip, arrival);
}

void IpInput::ipv6_in(PacketPtr packet, Arrival& arrival) noexcept {
  const auto header = parse_ipv6(packet->bytes());
  if (!header) return drop_malformed();
  const bool for_us =
      addresses_.is_ours(header->destination) || addresses_.is_our_group(header->destination);
  if (!for_us) return drop_not_ours();
  if (is_martian(header->source) || addresses_.is_ours(header->source)) return drop_malformed();
  packet->length = kIpv6HeaderLength + header->payload_length;
  end_of_chain(std::move(packet), *header, arrival);
}

// RFC 8200 4
void IpInput::end_of_chain(PacketPtr packet, const Ipv6Header& header, Arrival& arrival) noexcept {
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
  arrival.ip = packet->data;
  packet->trim_front(chain.offset);
  deliver(
      std::move(packet),
      {header.source, header.destination, chain.protocol, header.traffic_class, header.hop_limit},
      arrival);
}

void IpInput::whole_in(PacketPtr packet, Arrival& arrival) noexcept {
  if (!packet) return;
  arrival.whole = true;
  ip_in(std::move(packet), arrival);
}

void IpInput::deliver(PacketPtr packet, const IpDatagram& ip, const Arrival& arrival) noexcept {
  const bool v4 = ip.source.is_v4();
  const bool to_one = v4 || ip.destination.octets[0] != 0xff;
  if (ip.protocol == kProtocolTcp && to_one && !ip.source.is_unspecified()) {
    up_.tcp.segment_in(std::move(packet), ip);
  } else if (ip.protocol == (v4 ? kProtocolIcmp : kProtocolIcmpv6)) {
    icmp_in(std::move(packet), ip, arrival);
  } else {
    drop_not_ours();
  }
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
  if (!v4 && NeighborDiscovery::is_nd(icmp[0])) {
    if (!up_.nd.message_in(icmp, ip, arrival.from, arrival.now)) drop_malformed();
    return;
  }
  if (ip.source.is_unspecified()) return drop_malformed();
  up_.icmp.message_in(std::move(packet), ip, arrival.now);
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
