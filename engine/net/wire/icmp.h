// ICMP for IPv4 (RFC 792): echo, and the errors that concern a TCP connection (RFC 1122 4.2.3.9).
#pragma once

#include <optional>

#include "engine/net/wire/ipv4.h"

namespace sluice::net {

inline constexpr std::uint32_t kIcmpHeaderLength = 8;
inline constexpr std::uint8_t kIcmpEchoReply = 0;
inline constexpr std::uint8_t kIcmpUnreachable = 3;
inline constexpr std::uint8_t kIcmpEchoRequest = 8;
inline constexpr std::uint8_t kIcmpFragmentationNeeded = 4;  // code of kIcmpUnreachable

// An "unreachable" and the start of the TCP segment that it complains about.
struct IcmpUnreachable {
  std::uint8_t code = 0;
  std::uint16_t next_hop_mtu = 0;  // only with kIcmpFragmentationNeeded (RFC 1191)
  Ipv4Header original;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint32_t sequence = 0;
};

inline std::optional<IcmpUnreachable> parse_icmp_unreachable(ByteView icmp) noexcept {
  constexpr std::size_t kQuotedL4 = 8;
  if (icmp.size() < kIcmpHeaderLength + kIpv4HeaderLength + kQuotedL4) return {};
  const std::uint8_t* quoted = icmp.data() + kIcmpHeaderLength;
  IcmpUnreachable error;
  error.code = icmp[1];
  error.next_hop_mtu = load16(icmp.data() + 6);
  // Only the head of the original is quoted, so its total length cannot be checked against it.
  error.original.header_length = static_cast<std::uint8_t>((quoted[0] & 0x0f) * 4);
  const std::size_t l4 = kIcmpHeaderLength + error.original.header_length;
  if (quoted[0] >> 4 != 4 || error.original.header_length < kIpv4HeaderLength ||
      icmp.size() < l4 + kQuotedL4 || quoted[9] != kProtocolTcp)
    return {};
  error.original.protocol = quoted[9];
  error.original.source = load32(quoted + 12);
  error.original.destination = load32(quoted + 16);
  error.source_port = load16(icmp.data() + l4);
  error.destination_port = load16(icmp.data() + l4 + 2);
  error.sequence = load32(icmp.data() + l4 + 4);
  return error;
}

}  // namespace sluice::net
