#include "engine/net/ip_input.h"

#include "engine/net/wire/ethernet.h"
#include "engine/net/wire/icmp.h"

namespace sluice::net {
namespace {

IpDatagram datagram_of(const Ipv4Header& header) noexcept {
  return {IpAddress::from_v4(header.source), IpAddress::from_v4(header.destination),
          header.protocol, header.tos, header.ttl};
}

IpDatagram datagram_of(const Ipv6Header& header) noexcept {
  return {header.source, header.destination, header.next_header, header.traffic_class,
          header.hop_limit};
}

// Sources that no honest packet has (RFC 1122 3.2.1.3): this network, loopback, multicast and up.
bool is_martian(std::uint32_t source) noexcept {
  const std::uint32_t network = source >> 24;
  return network == 0 || network == 127 || network >= 224;
}

// RFC 4291 2.5.2, 2.5.3, 2.7: unspecified, loopback, multicast; and no IPv4-mapped one on the wire
// (RFC 6890), which is what IPv4 is held as in here.
bool is_martian_v6(const IpAddress& source) noexcept {
  IpAddress loopback;
  loopback.octets[15] = 1;
  return source.is_unspecified() || source == loopback || source.octets[0] == 0xff ||
         source.is_v4();
}

}  // namespace

void IpInput::frame_in(PacketPtr packet, Instant now) noexcept {
  ++counters_.packets_in;
  const ByteView frame = packet->bytes();
  if (frame.size() < kEthernetHeaderLength) return drop_malformed();
  const std::uint16_t type = load16(frame.data() + 12);
  const bool to_group = (frame[0] & 1) != 0;
  packet->trim_front(kEthernetHeaderLength);
  if (type == kEtherTypeIpv4 && !to_group) {
    ipv4_in(std::move(packet), now);
  } else if (type == kEtherTypeIpv6) {
    ipv6_in(std::move(packet), now);
  } else if (type == kEtherTypeArp) {
    arp_in(std::move(packet), now);
  }
}

void IpInput::packet_in(PacketPtr packet, Instant now) noexcept {
  ++counters_.packets_in;
  if (packet->length == 0) return drop_malformed();
  if (packet->data[0] >> 4 == 6) return ipv6_in(std::move(packet), now);
  ipv4_in(std::move(packet), now);
}

void IpInput::arp_in(PacketPtr packet, Instant now) noexcept {
  const auto message = parse_arp(packet->bytes());
  if (!message || ip_.is_ours(IpAddress::from_v4(message->sender_ip))) return drop_malformed();
  const bool for_us = ip_.is_ours(IpAddress::from_v4(message->target_ip));
  const bool asks_for_us = for_us && message->operation == kArpRequest;
  neighbors_.learn(*message, asks_for_us, now);
  if (!asks_for_us) return;
  packet->flags = 0;
  packet->length = kArpLength;
  write_arp(packet->data,
            {kArpReply, mac_, message->target_ip, message->sender_mac, message->sender_ip});
  write_ethernet(packet->push_front(kEthernetHeaderLength),
                 {message->sender_mac, mac_, kEtherTypeArp});
  tx_.push(std::move(packet));
}

void IpInput::ipv4_in(PacketPtr packet, Instant now) noexcept {
  const auto header = parse_ipv4(packet->bytes());
  if (!header) return drop_malformed();
  const ByteView header_octets = packet->bytes().first(header->header_length);
  if ((packet->flags & kRxIpChecksumGood) == 0 && !ipv4_checksum_good(header_octets))
    return drop_malformed();
  const IpDatagram ip = datagram_of(*header);
  if (!ip_.is_ours(ip.destination)) return;
  if (is_martian(header->source) || ip_.is_ours(ip.source)) return drop_malformed();
  packet->length = header->total_length;  // without the padding of a short frame
  if (header->is_fragment()) {
    packet = reassembly_.add(std::move(packet), *header, now);
    if (!packet) return;
  } else {
    packet->trim_front(header->header_length);
  }
  deliver(std::move(packet), ip, now);
}

void IpInput::ipv6_in(PacketPtr packet, Instant now) noexcept {
  const auto header = parse_ipv6(packet->bytes());
  if (!header) return drop_malformed();
  if (!ip_.is_ours(header->destination)) return;
  if (is_martian_v6(header->source) || ip_.is_ours(header->source)) return drop_malformed();
  packet->length = kIpv6HeaderLength + header->payload_length;
  packet->trim_front(kIpv6HeaderLength);
  deliver(std::move(packet), datagram_of(*header), now);
}

void IpInput::deliver(PacketPtr packet, const IpDatagram& ip, Instant now) noexcept {
  const bool v4 = ip.source.is_v4();
  if (ip.protocol == kProtocolTcp) {
    tcp_.segment_in(std::move(packet), ip);
  } else if (ip.protocol == kProtocolIcmp && v4) {
    icmp_in(std::move(packet), ip, now);
  } else if (ip.protocol == kProtocolIcmpv6 && !v4) {
    icmpv6_in(std::move(packet), ip, now);
  }
}

void IpInput::icmp_in(PacketPtr packet, const IpDatagram& ip, Instant now) noexcept {
  const ByteView icmp = packet->bytes();
  if (icmp.size() < kIcmpHeaderLength || checksum_sum(icmp) != 0xffff) return drop_malformed();
  if (icmp[0] == kIcmpEchoRequest) {
    answer_echo(std::move(packet), ip, now);
  } else if (const auto error = parse_icmp_error(icmp)) {
    tcp_.error_in(*error);
  }
}

void IpInput::icmpv6_in(PacketPtr packet, const IpDatagram& ip, Instant now) noexcept {
  const ByteView icmp = packet->bytes();
  const std::uint16_t pseudo =
      pseudo_header_sum(ip.source, ip.destination, kProtocolIcmpv6, packet->length);
  if (icmp.size() < kIcmpHeaderLength || checksum_add(pseudo, checksum_sum(icmp)) != 0xffff)
    return drop_malformed();
  if (icmp[0] == kIcmpv6EchoRequest) {
    answer_echo(std::move(packet), ip, now);
  } else if (const auto error = parse_icmpv6_error(icmp)) {
    tcp_.error_in(*error);
  }
}

// RFC 1122 3.2.2.6, RFC 4443 4.2, with a limit per second.
void IpInput::answer_echo(PacketPtr packet, const IpDatagram& ip, Instant now) noexcept {
  if (now - icmp_second_ >= seconds(1)) {
    icmp_second_ = now;
    icmp_sent_ = 0;
  }
  const bool v4 = ip.source.is_v4();
  const std::uint32_t length = packet->length + ip_header_length(ip.source);
  if (++icmp_sent_ > kIcmpPerSecondMax || length > ip_.mtu(ip.source)) return;
  const auto path = ip_.path_to(ip.source, ip.destination);
  if (!path) return;
  std::uint8_t* icmp = packet->data;
  icmp[0] = v4 ? std::uint8_t{kIcmpEchoReply} : std::uint8_t{kIcmpv6EchoReply};
  store16(icmp + 2, 0);
  std::uint16_t sum = checksum_sum(packet->bytes());
  if (!v4)
    sum = checksum_add(
        sum, pseudo_header_sum(path->local, path->remote, kProtocolIcmpv6, packet->length));
  store16(icmp + 2, static_cast<std::uint16_t>(~sum));
  packet->flags = 0;
  ip_.send(std::move(packet), *path, {.protocol = ip.protocol, .dont_fragment = false}, now);
}

}  // namespace sluice::net
