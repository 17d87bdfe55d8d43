// ICMP for IPv4 (RFC 792) and IPv6 (RFC 4443): echo, and the errors that concern what we sent.
#pragma once

#include <optional>

#include "engine/base/bytes.h"
#include "engine/net/ip_datagram.h"

namespace sluice::net {

inline constexpr std::uint32_t kIcmpHeaderLength = 8;

enum IcmpType : std::uint8_t {
  kIcmpEchoReply = 0,
  kIcmpUnreachable = 3,
  kIcmpEchoRequest = 8,
  kIcmpTimeExceeded = 11,
  kIcmpParameterProblem = 12,
};
enum Icmpv6Type : std::uint8_t {
  kIcmpv6Unreachable = 1,
  kIcmpv6PacketTooBig = 2,
  kIcmpv6TimeExceeded = 3,
  kIcmpv6ParameterProblem = 4,
  kIcmpv6EchoRequest = 128,
  kIcmpv6EchoReply = 129,
};

// Codes of kIcmpUnreachable.
inline constexpr std::uint8_t kIcmpProtocolUnreachable = 2;
inline constexpr std::uint8_t kIcmpPortUnreachable = 3;
inline constexpr std::uint8_t kIcmpFragmentationNeeded = 4;
// And of kIcmpv6Unreachable.
inline constexpr std::uint8_t kIcmpv6PortUnreachable = 4;

// An error message, its checksum verified; nothing when it is none, or does not quote the addresses
// and ports (and the sequence number) of a TCP or UDP packet.
std::optional<IpError> parse_icmp_error(ByteView icmp) noexcept;
std::optional<IpError> parse_icmpv6_error(ByteView icmp) noexcept;

}  // namespace sluice::net
