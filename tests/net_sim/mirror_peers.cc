#include "tests/net_sim/mirror_peers.h"

#include "engine/base/contract.h"
#include "engine/net/wire/ipv4.h"
#include "engine/net/wire/tcp.h"
#include "engine/net/wire/tcp_options.h"

namespace sluice::net::test {
namespace {

constexpr std::uint32_t kFirstAddress = 0x0b000001;  // 11.0.0.1
constexpr std::uint16_t kFirstPort = 1'024;
constexpr std::size_t kPortsPerAddress = 60'000;
constexpr std::uint32_t kIss = 1'000;  // of every peer

}  // namespace

MirrorPeers::MirrorPeers(SimPort& port, const Endpoint& stack, std::size_t count)
    : port_(port), stack_(stack), stack_iss_(count) {}

Endpoint MirrorPeers::endpoint_of(std::size_t peer) {
  const auto address = static_cast<std::uint32_t>(kFirstAddress + peer / kPortsPerAddress);
  return {IpAddress::from_v4(address),
          static_cast<std::uint16_t>(kFirstPort + peer % kPortsPerAddress)};
}

std::size_t MirrorPeers::peer_at(std::uint32_t address, std::uint16_t port) {
  return (address - kFirstAddress) * kPortsPerAddress + port - kFirstPort;
}

void MirrorPeers::open(std::size_t peer) { send(peer, kSyn, kIss, 0); }

void MirrorPeers::close(std::size_t peer) {
  send(peer, kFin | kAck, kIss + 1, stack_iss_[peer] + 1);
}

void MirrorPeers::take(Frame frame) {
  const auto ip = parse_ipv4(frame);
  SLUICE_ASSERT(ip.has_value());
  const auto tcp = parse_tcp(ByteView(frame).subspan(ip->header_length));
  SLUICE_ASSERT(tcp.has_value());
  ++taken_;
  if (tcp->has(kRst)) {
    ++resets_;
    return;
  }
  const std::size_t peer = peer_at(ip->destination, tcp->destination_port);
  if (tcp->has(kSyn)) {
    stack_iss_[peer] = tcp->sequence;
    return send(peer, kAck, kIss + 1, tcp->sequence + 1);
  }
  if (!tcp->has(kFin)) return;
  // A peer that has closed already is acknowledged beyond its FIN.
  const bool closed = tcp->acknowledgment != kIss + 1;
  send(peer, closed ? std::uint8_t{kAck} : std::uint8_t{kFin | kAck}, tcp->acknowledgment,
       tcp->sequence + 1);
}

void MirrorPeers::send(std::size_t peer, std::uint8_t flags, std::uint32_t sequence,
                       std::uint32_t ack) {
  const Endpoint from = endpoint_of(peer);
  std::uint8_t options[kTcpOptionsMax];
  const std::uint32_t options_length =
      (flags & kSyn) != 0 ? write_tcp_options(options, {.mss = 1'460}) : 0;
  Frame frame(kIpv4HeaderLength + kTcpHeaderLength);
  frame.insert(frame.end(), options, options + options_length);
  write_ipv4(frame.data(), {.total_length = static_cast<std::uint16_t>(frame.size()),
                            .protocol = kProtocolTcp,
                            .source = from.address.v4(),
                            .destination = stack_.address.v4()});
  fill_ipv4_checksum(frame.data());
  std::uint8_t* tcp = frame.data() + kIpv4HeaderLength;
  write_tcp(tcp, {.source_port = from.port,
                  .destination_port = stack_.port,
                  .sequence = sequence,
                  .acknowledgment = ack,
                  .header_length = static_cast<std::uint8_t>(kTcpHeaderLength + options_length),
                  .flags = flags,
                  .window = 65'535});
  const auto length = static_cast<std::uint32_t>(frame.size() - kIpv4HeaderLength);
  const std::uint16_t pseudo =
      pseudo_header_sum(from.address, stack_.address, kProtocolTcp, length);
  store_tcp_checksum(
      tcp, static_cast<std::uint16_t>(~checksum_add(pseudo, checksum_sum({tcp, length}))));
  port_.take(std::move(frame));
}

}  // namespace sluice::net::test
