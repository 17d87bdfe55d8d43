#include "tests/support/ip_script.h"

#include <gtest/gtest.h>

#include "engine/net/mld.h"
#include "engine/net/wire/udp.h"

namespace sluice::net::test {
namespace {

std::uint16_t pseudo_of(const Head& head, std::size_t length) {
  if (head.protocol == kProtocolIcmp) return 0;
  return pseudo_header_sum(head.source, head.destination, head.protocol,
                           static_cast<std::uint32_t>(length));
}

IpDatagram datagram_of(ByteView packet) {
  if (packet[0] >> 4 == 6) {
    const auto header = parse_ipv6(packet);
    return {header->source, header->destination, header->next_header, header->traffic_class,
            header->hop_limit};
  }
  const auto header = parse_ipv4(packet);
  EXPECT_TRUE(ipv4_checksum_good(packet.first(header->header_length)));
  return {IpAddress::from_v4(header->source), IpAddress::from_v4(header->destination),
          header->protocol, header->tos, header->ttl};
}

}  // namespace

Octets frame_of(std::uint16_t type, ByteView payload, const MacAddress& to) {
  Octets frame(kEthernetHeaderLength + payload.size());
  write_ethernet(frame.data(), {to, kThemMac, type});
  std::copy(payload.begin(), payload.end(), frame.begin() + kEthernetHeaderLength);
  return frame;
}

Octets packet_of(const Head& head, ByteView payload) {
  const bool v4 = head.source.is_v4();
  const std::size_t header_length = v4 ? kIpv4HeaderLength : kIpv6HeaderLength;
  Octets packet(header_length + payload.size());
  if (v4) {
    Ipv4Header header;
    header.tos = head.traffic_class;
    header.total_length = static_cast<std::uint16_t>(kIpv4HeaderLength + payload.size());
    header.ttl = head.hop_limit;
    header.protocol = head.protocol;
    header.source = head.source.v4();
    header.destination = head.destination.v4();
    write_ipv4(packet.data(), header);
    fill_ipv4_checksum(packet.data());
  } else {
    write_ipv6(packet.data(), {.traffic_class = head.traffic_class,
                               .payload_length = static_cast<std::uint16_t>(payload.size()),
                               .next_header = head.protocol,
                               .hop_limit = head.hop_limit,
                               .source = head.source,
                               .destination = head.destination});
  }
  std::copy(payload.begin(), payload.end(), packet.data() + header_length);
  return packet;
}

Octets ip_frame(const Head& head, ByteView payload, const MacAddress& to) {
  return frame_of(head.source.is_v4() ? kEtherTypeIpv4 : kEtherTypeIpv6, packet_of(head, payload),
                  to);
}

Octets with_checksum(const Head& head, Octets payload) {
  const std::size_t at = head.protocol == kProtocolTcp ? 16 : head.protocol == kProtocolUdp ? 6 : 2;
  store16(payload.data() + at, 0);
  const std::uint16_t sum = checksum_add(pseudo_of(head, payload.size()), checksum_sum(payload));
  store16(payload.data() + at, static_cast<std::uint16_t>(~sum));
  return payload;
}

Octets icmp_frame(const Head& head, Octets icmp, const MacAddress& to) {
  return ip_frame(head, with_checksum(head, std::move(icmp)), to);
}

Octets nd_frame(const NeighborMessage& message, const IpAddress& source,
                const IpAddress& destination) {
  Octets icmp(64);
  icmp.resize(write_neighbor_message(icmp.data(), message));
  const bool to_group = destination.octets[0] == 0xff;
  return icmp_frame({source, destination, kProtocolIcmpv6, kNdHopLimit}, icmp,
                    to_group ? multicast_mac(destination) : kUsMac);
}

Octets udp_of(const Endpoint& source, const Endpoint& destination, std::string_view payload) {
  Octets udp(kUdpHeaderLength + payload.size());
  write_udp(udp.data(), {source.port, destination.port,
                         static_cast<std::uint16_t>(kUdpHeaderLength + payload.size()), 0});
  std::copy(payload.begin(), payload.end(), udp.begin() + kUdpHeaderLength);
  return with_checksum({source.address, destination.address, kProtocolUdp}, std::move(udp));
}

Octets udp_frame(const Endpoint& source, const Endpoint& destination, std::string_view payload) {
  return ip_frame({source.address, destination.address, kProtocolUdp},
                  udp_of(source, destination, payload));
}

Octets echo_request(const IpAddress& to, std::size_t size) {
  Octets icmp(kIcmpHeaderLength + size, 0x5a);
  icmp[0] = to.is_v4() ? kIcmpEchoRequest : kIcmpv6EchoRequest;
  icmp[1] = 0;
  return icmp;
}

IpScript::IpScript(std::function<void(StackOptions&)> adjust, Port* exception) {
  StackOptions options;
  options.addresses = {{kUs4, 24}, {kUs6, 64}};
  options.seed = 42;
  options.connections_max = 16;
  if (adjust) adjust(options);
  wire.port(0).on_transmit = [this](ByteView frame) {
    const bool report = frame.size() > 62 && load16(&frame[12]) == kEtherTypeIpv6 &&
                        frame[20] == 0 && frame[62] == kMldReport;
    (report ? reports : sent).emplace_back(frame.begin(), frame.end());
  };
  stack = make_stack(options, wire.port(0), now, exception);
}

void IpScript::inject(Octets frame) {
  wire.inject(0, std::move(frame));
  stack->poll(now);
  stack->flush(now);
}

void IpScript::pass(Duration span) {
  for (const Instant end = now + span; now < end;) {
    now = now + milliseconds(10);
    stack->poll(now);
    stack->flush(now);
  }
}

std::optional<SentFrame> IpScript::next() {
  if (sent.empty()) return {};
  const Octets frame = std::move(sent.front());
  sent.pop_front();
  SentFrame out;
  out.link = *parse_ethernet(frame);
  out.payload.assign(frame.begin() + kEthernetHeaderLength, frame.end());
  if (out.link.type != kEtherTypeIpv4 && out.link.type != kEtherTypeIpv6) return out;
  out.ip = datagram_of(out.payload);
  out.upper.assign(out.payload.begin() +
                       (out.link.type == kEtherTypeIpv4 ? kIpv4HeaderLength : kIpv6HeaderLength),
                   out.payload.end());
  const Head head{out.ip->source, out.ip->destination, out.ip->protocol};
  EXPECT_EQ(checksum_add(pseudo_of(head, out.upper.size()), checksum_sum(out.upper)), 0xffff);
  return out;
}

void IpScript::introduce_them() {
  Octets arp(kArpLength);
  write_arp(arp.data(), {kArpRequest, kThemMac, kThem4.v4(), {}, kUs4.v4()});
  inject(frame_of(kEtherTypeArp, arp, kBroadcastMac));
  for (const IpAddress& them : {kThem6, kThemLink})
    inject(nd_frame({.target = kUs6, .mac = kThemMac}, them, solicited_node(kUs6)));
  sent.clear();
}

}  // namespace sluice::net::test
