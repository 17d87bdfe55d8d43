#include "engine/net/wire/icmp.h"

#include "engine/net/wire/ipv4.h"
#include "engine/net/wire/ipv6.h"

namespace sluice::net {
namespace {

constexpr std::size_t kQuotedL4 = 8;  // octets, RFC 792

// RFC 1122 4.2.3.9: unreachable network, host and source route may pass by themselves.
bool is_soft_unreachable(std::uint8_t code) noexcept {
  return code != kIcmpProtocolUnreachable && code != kIcmpPortUnreachable;
}

// RFC 4443 3.1: 0 no route, 2 beyond scope, 3 address unreachable; the rest is policy or port.
bool is_soft_unreachable_v6(std::uint8_t code) noexcept {
  return code == 0 || code == 2 || code == 3;
}

bool take_ports(ByteView l4, IpError& error) noexcept {
  if (error.protocol != kProtocolTcp && error.protocol != kProtocolUdp) return false;
  if (l4.size() < kQuotedL4) return false;
  error.local_port = load16(l4.data());
  error.remote_port = load16(l4.data() + 2);
  error.sequence = load32(l4.data() + 4);
  return true;
}

// Only the head of the packet is quoted, so its lengths cannot be checked against the octets.
bool take_quoted_ipv4(ByteView quoted, IpError& error) noexcept {
  if (quoted.size() < kIpv4HeaderLength) return false;
  const std::size_t header = static_cast<std::size_t>(quoted[0] & 0x0f) * 4;
  const bool first_fragment = (load16(quoted.data() + 6) & 0x1fff) == 0;
  if (quoted[0] >> 4 != 4 || header < kIpv4HeaderLength || quoted.size() < header ||
      !first_fragment)
    return false;
  error.protocol = quoted[9];
  error.local = IpAddress::from_v4(load32(quoted.data() + 12));
  error.remote = IpAddress::from_v4(load32(quoted.data() + 16));
  return take_ports(quoted.subspan(header), error);
}

// We send no extension headers, so what quotes one is not about a packet of ours.
bool take_quoted_ipv6(ByteView quoted, IpError& error) noexcept {
  if (quoted.size() < kIpv6HeaderLength || quoted[0] >> 4 != 6) return false;
  error.protocol = quoted[6];
  error.local = load_ipv6_address(quoted.data() + 8);
  error.remote = load_ipv6_address(quoted.data() + 24);
  return take_ports(quoted.subspan(kIpv6HeaderLength), error);
}

}  // namespace

std::optional<IpError> parse_icmp_error(ByteView icmp) noexcept {
  if (icmp.size() < kIcmpHeaderLength) return {};
  IpError error;
  const std::uint8_t code = icmp[1];
  if (icmp[0] == kIcmpUnreachable && code == kIcmpFragmentationNeeded) {
    error.kind = IpError::Kind::packet_too_big;
    error.mtu = load16(icmp.data() + 6);  // RFC 1191 4
  } else if (icmp[0] == kIcmpUnreachable) {
    error.kind = is_soft_unreachable(code) ? IpError::Kind::unreachable_soft
                                           : IpError::Kind::unreachable_hard;
  } else if (icmp[0] != kIcmpTimeExceeded && icmp[0] != kIcmpParameterProblem) {
    return {};
  }
  if (!take_quoted_ipv4(icmp.subspan(kIcmpHeaderLength), error)) return {};
  return error;
}

std::optional<IpError> parse_icmpv6_error(ByteView icmp) noexcept {
  if (icmp.size() < kIcmpHeaderLength) return {};
  IpError error;
  const std::uint8_t code = icmp[1];
  if (icmp[0] == kIcmpv6PacketTooBig) {
    error.kind = IpError::Kind::packet_too_big;
    error.mtu = load32(icmp.data() + 4);  // RFC 4443 3.2
  } else if (icmp[0] == kIcmpv6Unreachable) {
    error.kind = is_soft_unreachable_v6(code) ? IpError::Kind::unreachable_soft
                                              : IpError::Kind::unreachable_hard;
  } else if (icmp[0] == kIcmpv6ParameterProblem) {
    error.kind = IpError::Kind::unreachable_hard;
  } else if (icmp[0] != kIcmpv6TimeExceeded) {
    return {};
  }
  if (!take_quoted_ipv6(icmp.subspan(kIcmpHeaderLength), error)) return {};
  return error;
}

}  // namespace sluice::net
