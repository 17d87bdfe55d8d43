#include "engine/net/icmp.h"

#include <algorithm>
#include <cstring>

#include "engine/net/wire/ipv6_chain.h"

namespace sluice::net {
namespace {

constexpr std::uint32_t kErrorOctetsMaxV4 = 576;          // of the whole packet, RFC 1812 4.3.2.3
constexpr std::uint32_t kErrorOctetsMaxV6 = kIpv6MtuMin;  // RFC 4443 2.4 c

bool is_icmp_error(ByteView packet, const Ipv4Header& header) noexcept {
  if (header.protocol != kProtocolIcmp || packet.size() <= header.header_length) return false;
  const std::uint8_t type = packet[header.header_length];
  return type != kIcmpEchoReply && type != kIcmpEchoRequest;
}

struct Addresses {
  IpAddress source;
  IpAddress destination;
};

// Source and destination of a packet that may be complained about.
std::optional<Addresses> answerable(ByteView packet) noexcept {
  if (packet.size() >= kIpv4HeaderLength && packet[0] >> 4 == 4) {
    const auto header = parse_ipv4(packet);
    if (!header || header->fragment_offset != 0 || is_icmp_error(packet, *header)) return {};
    return Addresses{IpAddress::from_v4(header->source), IpAddress::from_v4(header->destination)};
  }
  const auto header = parse_ipv6(packet);
  if (!header || is_icmpv6_error(packet)) return {};
  return Addresses{header->source, header->destination};
}

}  // namespace

IcmpProblem port_unreachable(bool v4) noexcept {
  if (v4) return {.type = kIcmpUnreachable, .code = kIcmpPortUnreachable};
  return {.type = kIcmpv6Unreachable, .code = kIcmpv6PortUnreachable};
}

// RFC 1122 3.2.2.1; RFC 8200 4: the pointer says where the number stands.
IcmpProblem protocol_unreachable(bool v4, std::uint32_t pointer) noexcept {
  if (v4) return {.type = kIcmpUnreachable, .code = kIcmpProtocolUnreachable};
  return {.type = kIcmpv6ParameterProblem, .code = kUnrecognizedNextHeader, .word = pointer};
}

IcmpProblem reassembly_time_exceeded(bool v4) noexcept {
  constexpr std::uint8_t kFragmentReassembly = 1;
  return {.type = v4 ? kIcmpTimeExceeded : kIcmpv6TimeExceeded, .code = kFragmentReassembly};
}

Icmp::Icmp(IpOutput& ip, const AddressTable& addresses, tcp::Tcp& tcp, Udp& udp,
           StackCounters& counters)
    : ip_(ip), addresses_(addresses), tcp_(tcp), udp_(udp), counters_(counters) {}

void Icmp::message_in(PacketPtr packet, const IpDatagram& ip, Instant now) noexcept {
  const bool v4 = ip.source.is_v4();
  const ByteView icmp = packet->bytes();
  if (icmp[0] == (v4 ? kIcmpEchoRequest : kIcmpv6EchoRequest))
    return answer_echo(std::move(packet), ip, now);
  const auto error = v4 ? parse_icmp_error(icmp) : parse_icmpv6_error(icmp);
  if (!error) return;
  if (error->protocol == kProtocolTcp) {
    tcp_.error_in(*error);
  } else {
    udp_.error_in(*error);
  }
}

// RFC 1122 3.2.2.6, RFC 4443 4.2. An echo request to a group is not answered.
void Icmp::answer_echo(PacketPtr packet, const IpDatagram& ip, Instant now) noexcept {
  const bool v4 = ip.source.is_v4();
  const std::uint32_t length = packet->length + ip_header_length(ip.source);
  if (length > ip_.mtu(ip.source) || !addresses_.is_ours(ip.destination)) return;
  if (!echo_replies_.take(now)) return;
  const auto path = ip_.path_to(ip.source, ip.destination);
  if (!path) return;
  packet->data[0] = v4 ? kIcmpEchoReply : kIcmpv6EchoReply;
  send(std::move(packet), *path, now);
}

void Icmp::report(const IcmpProblem& problem, ByteView packet, Instant now) noexcept {
  const auto about = answerable(packet);
  if (!about) return;
  const bool from_one_host = !about->source.is_unspecified() && about->source.octets[0] != 0xff &&
                             !addresses_.is_broadcast(about->source);
  const bool to_us = addresses_.is_ours(about->destination);
  if (!from_one_host || (!to_us && !problem.even_to_group)) return;
  if (!errors_.take(now)) return;
  const auto path =
      to_us ? ip_.path_to(about->source, about->destination) : ip_.path_to(about->source);
  PacketPtr message(path ? ip_.pool().allocate() : nullptr);
  if (!message) return;
  const bool v4 = about->source.is_v4();
  const std::uint32_t room =
      (v4 ? kErrorOctetsMaxV4 - kIpv4HeaderLength : kErrorOctetsMaxV6 - kIpv6HeaderLength) -
      kIcmpHeaderLength;
  const auto quoted = std::min<std::uint32_t>(static_cast<std::uint32_t>(packet.size()), room);
  std::uint8_t* icmp = message->data;
  icmp[0] = problem.type;
  icmp[1] = problem.code;
  store32(icmp + 4, problem.word);
  std::memcpy(icmp + kIcmpHeaderLength, packet.data(), quoted);
  message->length = kIcmpHeaderLength + quoted;
  ++counters_.icmp_errors_out;
  send(std::move(message), *path, now);
}

void Icmp::send(PacketPtr packet, const IpPath& path, Instant now) noexcept {
  const bool v4 = path.remote.is_v4();
  const std::uint8_t protocol = v4 ? kProtocolIcmp : kProtocolIcmpv6;
  std::uint8_t* icmp = packet->data;
  store16(icmp + 2, 0);
  std::uint16_t sum = checksum_sum(packet->bytes());
  if (!v4)
    sum = checksum_add(sum, pseudo_header_sum(path.local, path.remote, protocol, packet->length));
  store16(icmp + 2, static_cast<std::uint16_t>(~sum));
  packet->flags = 0;
  ip_.send(std::move(packet), path, {.protocol = protocol, .dont_fragment = false}, now);
}

}  // namespace sluice::net
