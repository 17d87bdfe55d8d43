#include "tests/tcp_script/wire.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <stdexcept>

#include "tests/tcp_script/icmp_types.h"

namespace sluice::script {
namespace {

constexpr std::size_t kIpv4Header = 20;
constexpr std::size_t kIpv6Header = 40;
constexpr std::size_t kTcpHeader = 20;

void put16(Octets& out, std::uint32_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8));
  out.push_back(static_cast<std::uint8_t>(value));
}

void put32(Octets& out, std::uint32_t value) {
  put16(out, value >> 16);
  put16(out, value);
}

std::uint32_t get16(std::span<const std::uint8_t> in, std::size_t at) {
  return static_cast<std::uint32_t>(in[at] << 8 | in[at + 1]);
}

std::uint32_t get32(std::span<const std::uint8_t> in, std::size_t at) {
  return get16(in, at) << 16 | get16(in, at + 2);
}

std::uint32_t sum(std::span<const std::uint8_t> octets, std::uint32_t start) {
  for (std::size_t i = 0; i < octets.size(); ++i)
    start += i % 2 == 0 ? static_cast<std::uint32_t>(octets[i]) << 8 : octets[i];
  while (start > 0xffff) start = (start & 0xffff) + (start >> 16);
  return start;
}

std::span<const std::uint8_t> octets_of(const Address& address) {
  return {address.octets.data(), address.family == AF_INET ? 4u : 16u};
}

// RFC 9293 3.1, RFC 8200 8.1.
std::uint32_t pseudo_sum(const Address& from, const Address& to, int protocol, std::size_t length) {
  const std::uint32_t addresses = sum(octets_of(to), sum(octets_of(from), 0));
  return sum({},
             addresses + static_cast<std::uint32_t>(protocol) + static_cast<std::uint32_t>(length));
}

void store_checksum(Octets& octets, std::size_t at, std::uint32_t total) {
  const std::uint32_t checksum = ~total & 0xffff;
  octets[at] = static_cast<std::uint8_t>(checksum >> 8);
  octets[at + 1] = static_cast<std::uint8_t>(checksum);
}

void put(Octets& out, std::span<const std::uint8_t> octets) {
  out.insert(out.end(), octets.begin(), octets.end());
}

Octets with_ip(const Address& from, const Address& to, int protocol, std::uint8_t tos,
               const Octets& payload) {
  Octets out;
  if (from.family == AF_INET) {
    out = {0x45, tos};
    put16(out, static_cast<std::uint32_t>(kIpv4Header + payload.size()));
    put32(out, 0);  // not fragmented
    out.push_back(64);
    out.push_back(static_cast<std::uint8_t>(protocol));
    put16(out, 0);
    put(out, octets_of(from));
    put(out, octets_of(to));
    store_checksum(out, 10, sum(out, 0));
  } else {
    put32(out, 6u << 28 | static_cast<std::uint32_t>(tos) << 20);
    put16(out, static_cast<std::uint32_t>(payload.size()));
    out.push_back(static_cast<std::uint8_t>(protocol));
    out.push_back(64);
    put(out, octets_of(from));
    put(out, octets_of(to));
  }
  put(out, payload);
  return out;
}

void put_option(Octets& out, const TcpOption& option) {
  using Kind = TcpOption::Kind;
  switch (option.kind) {
    case Kind::mss:
      put(out, std::array<std::uint8_t, 2>{2, 4});
      put16(out, option.value);
      break;
    case Kind::window_scale:
      put(out, std::array<std::uint8_t, 3>{3, 3, static_cast<std::uint8_t>(option.value)});
      break;
    case Kind::sack_permitted: put(out, std::array<std::uint8_t, 2>{4, 2}); break;
    case Kind::sack:
      put(out,
          std::array<std::uint8_t, 2>{5, static_cast<std::uint8_t>(2 + 8 * option.blocks.size())});
      for (const TcpOption::Block& block : option.blocks) {
        put32(out, block.start);
        put32(out, block.end);
      }
      break;
    case Kind::timestamps:
      put(out, std::array<std::uint8_t, 2>{8, 10});
      put32(out, option.value);
      put32(out, option.echo);
      break;
    case Kind::other: break;
  }
}

Octets tcp_header(const Peers& peers, const TcpPacket& packet) {
  Octets out;
  put16(out, peers.remote_port);
  put16(out, peers.local_port);
  put32(out, packet.sequence);
  put32(out, packet.ack.value_or(0));
  out.push_back(0);
  out.push_back(packet.flags);
  put16(out, packet.window.value_or(0));
  put16(out, 0);
  put16(out, packet.urgent);
  for (const TcpOption& option : packet.options) put_option(out, option);
  while (out.size() % 4 != 0) out.push_back(0);
  out[12] = static_cast<std::uint8_t>(out.size() / 4 << 4);
  return out;
}

// The start of a segment of ours, as it comes back in an ICMP message.
Octets quoted(const Peers& peers, const IcmpPacket& packet) {
  Octets tcp;
  put16(tcp, peers.local_port);
  put16(tcp, peers.remote_port);
  put32(tcp, packet.sequence);
  put32(tcp, 0);
  put32(tcp, 0x50100000);
  put32(tcp, 0);
  tcp.resize(tcp.size() + packet.payload);
  return with_ip(peers.local, peers.remote, IPPROTO_TCP, 0, tcp);
}

TcpOption read_option(std::span<const std::uint8_t> option) {
  using Kind = TcpOption::Kind;
  TcpOption read;
  read.text = "option " + std::to_string(option[0]);
  if (option[0] == 2 && option.size() == 4) {
    read.kind = Kind::mss;
    read.value = get16(option, 2);
  } else if (option[0] == 3 && option.size() == 3) {
    read.kind = Kind::window_scale;
    read.value = option[2];
  } else if (option[0] == 4 && option.size() == 2) {
    read.kind = Kind::sack_permitted;
  } else if (option[0] == 5 && option.size() % 8 == 2) {
    read.kind = Kind::sack;
    for (std::size_t at = 2; at < option.size(); at += 8)
      read.blocks.push_back({get32(option, at), get32(option, at + 4)});
  } else if (option[0] == 8 && option.size() == 10) {
    read.kind = Kind::timestamps;
    read.value = get32(option, 2);
    read.echo = get32(option, 6);
  }
  return read;
}

void read_options(std::span<const std::uint8_t> octets, Departed& packet) {
  while (!octets.empty() && octets[0] != 0) {
    if (octets[0] == 1) {
      octets = octets.subspan(1);
      continue;
    }
    if (octets.size() < 2 || octets[1] < 2 || octets[1] > octets.size()) {
      packet.fault = "damaged TCP options";
      return;
    }
    packet.tcp.options.push_back(read_option(octets.first(octets[1])));
    octets = octets.subspan(octets[1]);
  }
}

void read_tcp(std::span<const std::uint8_t> tcp, Departed& packet) {
  const std::size_t header =
      tcp.size() < kTcpHeader ? 0 : static_cast<std::size_t>(tcp[12] >> 4) * 4;
  if (header < kTcpHeader || header > tcp.size()) {
    packet.fault = "damaged TCP header";
    return;
  }
  packet.local_port = static_cast<std::uint16_t>(get16(tcp, 0));
  packet.remote_port = static_cast<std::uint16_t>(get16(tcp, 2));
  packet.tcp.sequence = get32(tcp, 4);
  packet.tcp.flags = tcp[13];
  if ((tcp[13] & kAck) != 0) packet.tcp.ack = get32(tcp, 8);
  packet.tcp.window = static_cast<std::uint16_t>(get16(tcp, 14));
  packet.tcp.urgent = static_cast<std::uint16_t>(get16(tcp, 18));
  packet.tcp.payload = static_cast<std::uint32_t>(tcp.size() - header);
  packet.data.assign(tcp.begin() + static_cast<std::ptrdiff_t>(header), tcp.end());
  read_options(tcp.subspan(kTcpHeader, header - kTcpHeader), packet);
}

Address address_at(std::span<const std::uint8_t> octets, std::size_t at, int family) {
  Address address{family, {}};
  std::copy_n(octets.begin() + static_cast<std::ptrdiff_t>(at), family == AF_INET ? 4 : 16,
              address.octets.begin());
  return address;
}

}  // namespace

Address parse_address(const std::string& text) {
  Address address;
  address.family = text.find(':') == std::string::npos ? AF_INET : AF_INET6;
  if (inet_pton(address.family, text.c_str(), address.octets.data()) != 1)
    throw std::runtime_error("\"" + text + "\" is no address");
  return address;
}

Octets write_tcp(const Peers& peers, const TcpPacket& packet, std::span<const std::uint8_t> data) {
  Octets tcp = tcp_header(peers, packet);
  put(tcp, data);
  store_checksum(tcp, 16, sum(tcp, pseudo_sum(peers.remote, peers.local, IPPROTO_TCP, tcp.size())));
  return with_ip(peers.remote, peers.local, IPPROTO_TCP, packet.ecn, tcp);
}

Octets write_icmp(const Peers& peers, const IcmpPacket& packet) {
  const bool v6 = peers.local.family == AF_INET6;
  const IcmpNumbers numbers = icmp_numbers(packet, v6);
  Octets icmp = {numbers.type, numbers.code};
  put16(icmp, 0);
  put32(icmp, packet.mtu);  // RFC 1191: the low half; RFC 4443: all of it
  put(icmp, quoted(peers, packet));
  const int protocol = v6 ? +IPPROTO_ICMPV6 : +IPPROTO_ICMP;
  const std::uint32_t start = v6 ? pseudo_sum(peers.remote, peers.local, protocol, icmp.size()) : 0;
  store_checksum(icmp, 2, sum(icmp, start));
  return with_ip(peers.remote, peers.local, protocol, 0, icmp);
}

Departed read_packet(std::span<const std::uint8_t> octets) {
  Departed packet;
  const bool v4 = octets[0] >> 4 == 4;
  const std::size_t header = v4 ? kIpv4Header : kIpv6Header;
  const int family = v4 ? AF_INET : AF_INET6;
  const std::uint8_t protocol = octets[v4 ? 9 : 6];
  const std::size_t length = v4 ? get16(octets, 2) : kIpv6Header + get16(octets, 4);
  packet.tcp.ecn = v4 ? octets[1] & 3 : octets[1] >> 4 & 3;
  if (length != octets.size()) packet.fault = "wrong length in the IP header";
  if (v4 && sum(octets.first(header), 0) != 0xffff) packet.fault = "wrong IP checksum";
  if (protocol != IPPROTO_TCP) return packet;
  packet.is_tcp = true;
  const auto tcp = octets.subspan(header);
  const Address from = address_at(octets, v4 ? 12 : 8, family);
  const Address to = address_at(octets, v4 ? 16 : 24, family);
  if (sum(tcp, pseudo_sum(from, to, IPPROTO_TCP, tcp.size())) != 0xffff)
    packet.fault = "wrong TCP checksum";
  read_tcp(tcp, packet);
  return packet;
}

}  // namespace sluice::script
