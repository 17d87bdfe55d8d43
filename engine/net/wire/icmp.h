// ICMP for IPv4 (RFC 792) and IPv6 (RFC 4443): echo, and the errors that concern what we sent.
#pragma once

#include <optional>

#include "engine/base/bytes.h"
#include "engine/net/ip_datagram.h"

namespace sluice::net {

inline constexpr std::uint32_t kIcmpHeaderLength = 8;

// Types of ICMP …
inline constexpr std::uint8_t kIcmpEchoReply = 0;
inline constexpr std::uint8_t kIcmpUnreachable = 3;
inline constexpr std::uint8_t kIcmpEchoRequest = 8;
inline constexpr std::uint8_t kIcmpTimeExceeded = 11;
inline constexpr std::uint8_t kIcmpParameterProblem = 12;
// … and of ICMPv6.
inline constexpr std::uint8_t kIcmpv6Unreachable = 1;
inline constexpr std::uint8_t kIcmpv6PacketTooBig = 2;
inline constexpr std::uint8_t kIcmpv6TimeExceeded = 3;
inline constexpr std::uint8_t kIcmpv6ParameterProblem = 4;
inline constexpr std::uint8_t kIcmpv6EchoRequest = 128;
inline constexpr std::uint8_t kIcmpv6EchoReply = 129;

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
