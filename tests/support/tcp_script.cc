#include "tests/support/tcp_script.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/net/wire/ethernet.h"

namespace sluice::net::test {
namespace {

constexpr MacAddress kPeerMac{2, 0, 0, 0, 0, 1};
constexpr MacAddress kOurMac{2, 0, 0, 0, 0, 0};

std::vector<std::uint8_t> with_ethernet(std::uint16_t type, const MacAddress& to, ByteView rest) {
  std::vector<std::uint8_t> frame(kEthernetHeaderLength + rest.size());
  write_ethernet(frame.data(), {to, kPeerMac, type});
  std::copy(rest.begin(), rest.end(), frame.begin() + kEthernetHeaderLength);
  return frame;
}

}  // namespace

std::vector<std::uint8_t> arp_frame(const ArpMessage& message) {
  std::vector<std::uint8_t> octets(kArpLength);
  write_arp(octets.data(), message);
  return with_ethernet(kEtherTypeArp, kBroadcastMac, octets);
}

std::vector<std::uint8_t> ipv4_frame(Ipv4Header header, ByteView payload) {
  std::vector<std::uint8_t> octets(kIpv4HeaderLength);
  header.total_length = static_cast<std::uint16_t>(kIpv4HeaderLength + payload.size());
  if (header.source == 0) header.source = kAddressB;
  if (header.destination == 0) header.destination = kAddressA;
  write_ipv4(octets.data(), header);
  fill_ipv4_checksum(octets.data());
  octets.insert(octets.end(), payload.begin(), payload.end());
  return with_ethernet(kEtherTypeIpv4, kOurMac, octets);
}

std::vector<std::uint8_t> tcp_frame(const PeerSegment& segment) {
  std::vector<std::uint8_t> tcp(kTcpHeaderLength + kTcpOptionsMax);
  const std::uint32_t options = write_tcp_options(tcp.data() + kTcpHeaderLength, segment.options);
  tcp.resize(kTcpHeaderLength + options);
  TcpHeader header;
  header.source_port = segment.remote_port;
  header.destination_port = segment.local_port;
  header.sequence = segment.seq;
  header.acknowledgment = segment.ack;
  header.flags = segment.flags;
  header.window = segment.window;
  header.header_length = static_cast<std::uint8_t>(tcp.size());
  write_tcp(tcp.data(), header);
  tcp.insert(tcp.end(), segment.payload.begin(), segment.payload.end());
  const std::uint16_t pseudo =
      pseudo_header_sum(IpAddress::from_v4(segment.source), IpAddress::from_v4(kAddressA),
                        kProtocolTcp, static_cast<std::uint32_t>(tcp.size()));
  store_tcp_checksum(tcp.data(),
                     static_cast<std::uint16_t>(~checksum_add(pseudo, checksum_sum(tcp))));
  Ipv4Header ip;
  ip.protocol = kProtocolTcp;
  ip.source = segment.source;
  ip.tos = segment.ecn;
  return ipv4_frame(ip, tcp);
}

TcpScript::TcpScript(std::function<void(StackOptions&)> adjust, std::size_t packets)
    : wire(1, {}, packets) {
  StackOptions options = stack_options(kAddressA, 42);
  if (adjust) adjust(options);
  stack = make_stack(options, wire.port(0), now);
  inject(arp_frame({kArpRequest, kPeerMac, kAddressB, {}, kAddressA}));
  wire.port(0).on_transmit = [this](ByteView frame) { capture(frame); };
  EXPECT_TRUE(stack->listen({IpAddress{}, 25}, 7));
}

void TcpScript::capture(ByteView frame) {
  const auto ethernet = parse_ethernet(frame);
  const ByteView packet = frame.subspan(kEthernetHeaderLength);
  const auto ip = ethernet->type == kEtherTypeIpv4 ? parse_ipv4(packet) : std::nullopt;
  const auto arp = ethernet->type == kEtherTypeArp ? parse_arp(packet) : std::nullopt;
  const bool asks_for_peer =
      arp && arp->operation == kArpRequest && arp->target_ip == kAddressB && !peer_is_gone;
  if (asks_for_peer)
    wire.inject(0, arp_frame({kArpReply, kPeerMac, kAddressB, kOurMac, kAddressA}));
  if (!ip || ip->protocol != kProtocolTcp) {
    other_frames.emplace_back(frame.begin(), frame.end());
    return;
  }
  EXPECT_TRUE(ipv4_checksum_good(packet.first(ip->header_length)));
  const ByteView tcp = packet.subspan(ip->header_length);
  const std::uint16_t pseudo =
      pseudo_header_sum(IpAddress::from_v4(ip->source), IpAddress::from_v4(ip->destination),
                        kProtocolTcp, static_cast<std::uint32_t>(tcp.size()));
  EXPECT_EQ(checksum_add(pseudo, checksum_sum(tcp)), 0xffff);
  const auto header = parse_tcp(tcp);
  sent.push_back(
      {*header,
       parse_tcp_options(tcp.subspan(kTcpHeaderLength, header->header_length - kTcpHeaderLength)),
       std::string(as_text(tcp.subspan(header->header_length))),
       static_cast<std::uint8_t>(ip->tos & kEcnMask)});
}

Connection* TcpScript::establish(TcpOptions options, std::uint16_t window) {
  while (stack->next_ready() != nullptr) {  // of other connections
  }
  sent.clear();
  peer({.flags = kSyn, .seq = kPeerIss, .window = window, .options = options});
  const auto syn_ack = next();
  EXPECT_TRUE(syn_ack && syn_ack->header.flags == (kSyn | kAck));
  seq = kPeerIss + 1;
  ack = syn_ack->header.sequence + 1;
  if (options.has_timestamps) ++options.timestamp_value;
  PeerSegment last{.seq = seq, .ack = ack, .window = window};
  last.options.has_timestamps = options.has_timestamps;
  last.options.timestamp_value = options.timestamp_value;
  peer(last);
  sent.clear();
  return stack->next_ready();
}

void TcpScript::peer_silently(const PeerSegment& segment) {
  wire.inject(0, tcp_frame(segment));
  stack->poll(now);
}

void TcpScript::peer(const PeerSegment& segment) {
  peer_silently(segment);
  stack->flush(now);
}

void TcpScript::pass(Duration span) {
  for (const Instant end = now + span; now < end;) {
    now = now + milliseconds(1);
    stack->poll(now);
    stack->flush(now);
  }
}

std::optional<Sent> TcpScript::next() {
  if (sent.empty()) return {};
  Sent oldest = std::move(sent.front());
  sent.pop_front();
  return oldest;
}

}  // namespace sluice::net::test
