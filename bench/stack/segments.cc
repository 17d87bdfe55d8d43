#include "bench/stack/segments.h"

#include <algorithm>

#include "bench/stack/link.h"
#include "engine/net/wire/ipv4.h"
#include "engine/net/wire/tcp.h"
#include "engine/net/wire/tcp_options.h"

namespace sluice::bench {
namespace {

std::vector<std::uint8_t> make_packet(const Peer& peer, net::TcpHeader tcp,
                                      const net::TcpOptions& options) {
  std::uint8_t written[net::kTcpOptionsMax];
  const std::uint32_t options_length = net::write_tcp_options(written, options);
  const std::uint32_t tcp_length = net::kTcpHeaderLength + options_length;
  tcp.source_port = peer.port;
  tcp.destination_port = kSmtpPort;
  tcp.header_length = static_cast<std::uint8_t>(tcp_length);
  tcp.window = 65'535;
  std::vector<std::uint8_t> packet(net::kIpv4HeaderLength + tcp_length);
  net::write_ipv4(packet.data(), {.total_length = static_cast<std::uint16_t>(packet.size()),
                                  .protocol = net::kProtocolTcp,
                                  .source = peer.address,
                                  .destination = kServerIp});
  net::fill_ipv4_checksum(packet.data());
  std::uint8_t* at = packet.data() + net::kIpv4HeaderLength;
  net::write_tcp(at, tcp);
  std::copy_n(written, options_length, at + net::kTcpHeaderLength);
  const std::uint16_t pseudo =
      net::pseudo_header_sum(IpAddress::from_v4(peer.address), IpAddress::from_v4(kServerIp),
                             net::kProtocolTcp, tcp_length);
  const std::uint16_t sum = net::checksum_add(pseudo, net::checksum_sum({at, tcp_length}));
  net::store_tcp_checksum(at, static_cast<std::uint16_t>(~sum));
  return packet;
}

struct Segment {
  Peer to;
  net::TcpHeader tcp;
  net::TcpOptions options;
};

// Of the server, with an ACK, not a RST.
std::optional<Segment> parse(ByteView packet) {
  const auto ip = net::parse_ipv4(packet);
  if (!ip || ip->protocol != net::kProtocolTcp) return {};
  const ByteView octets = packet.subspan(ip->header_length);
  const auto tcp = net::parse_tcp(octets);
  if (!tcp || !tcp->has(net::kAck) || tcp->has(net::kRst)) return {};
  const ByteView options =
      octets.subspan(net::kTcpHeaderLength, tcp->header_length - net::kTcpHeaderLength);
  return Segment{{ip->destination, tcp->destination_port}, *tcp, net::parse_tcp_options(options)};
}

// What comes after it in sequence, on both sides; its SYN or FIN is acknowledged.
std::vector<std::uint8_t> answer(const Segment& segment, int flags) {
  return make_packet(segment.to,
                     {.sequence = segment.tcp.acknowledgment,
                      .acknowledgment = segment.tcp.sequence + 1,
                      .flags = static_cast<std::uint8_t>(flags)},
                     {.has_timestamps = segment.options.has_timestamps,
                      .timestamp_value = segment.tcp.acknowledgment,
                      .timestamp_echo = segment.options.timestamp_value,
                      .sack = {}});
}

}  // namespace

std::vector<std::uint8_t> make_syn(const Peer& peer, std::uint32_t sequence) {
  return make_packet(peer, {.sequence = sequence, .flags = net::kSyn},
                     {.mss = 1460,
                      .has_window_shift = true,
                      .window_shift = 7,
                      .sack_permitted = true,
                      .has_timestamps = true,
                      .timestamp_value = sequence,
                      .sack = {}});
}

std::optional<std::vector<std::uint8_t>> answer_syn_ack(ByteView packet) {
  const auto segment = parse(packet);
  if (!segment || !segment->tcp.has(net::kSyn)) return {};
  return answer(*segment, net::kAck);
}

std::optional<std::vector<std::uint8_t>> answer_of_peer(ByteView packet) {
  const auto segment = parse(packet);
  if (!segment) return {};
  if (segment->tcp.has(net::kSyn)) return answer(*segment, net::kAck);
  if (segment->tcp.has(net::kFin)) return answer(*segment, net::kFin | net::kAck);
  return {};
}

}  // namespace sluice::bench
