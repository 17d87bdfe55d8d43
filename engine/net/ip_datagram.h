// What the protocols above see of IP, of either family: the header that brought a payload, and the
// errors that come back by ICMP.
#pragma once

#include <cstdint>
#include <optional>

#include "engine/base/ip_address.h"

namespace sluice::net {

inline constexpr std::uint8_t kProtocolIcmp = 1;
inline constexpr std::uint8_t kProtocolTcp = 6;
inline constexpr std::uint8_t kProtocolUdp = 17;
inline constexpr std::uint8_t kProtocolIcmpv6 = 58;
inline constexpr std::uint8_t kDefaultHopLimit = 64;  // RFC 1122 3.2.1.7, RFC 8200 3

// The low two bits of the traffic class (RFC 3168 5).
inline constexpr std::uint8_t kEcnMask = 0x03;
inline constexpr std::uint8_t kEcnEct1 = 0x01;
inline constexpr std::uint8_t kEcnEct0 = 0x02;
inline constexpr std::uint8_t kEcnCe = 0x03;

// RFC 791 3.1, RFC 8200 3. Both families name the last four fields the same way here.
struct IpDatagram {
  IpAddress source;
  IpAddress destination;
  std::uint8_t protocol = 0;       // of the payload, after any extension headers
  std::uint8_t traffic_class = 0;  // DSCP and ECN; "type of service" in IPv4
  std::uint8_t hop_limit = 0;      // as it arrived; "time to live" in IPv4

  std::uint8_t ecn() const noexcept { return traffic_class & kEcnMask; }
};

// How a payload is to be sent.
struct IpSend {
  std::uint8_t protocol = 0;
  bool dont_fragment = true;  // IPv6 has no other way
  std::uint8_t traffic_class = 0;
  std::optional<std::uint8_t> hop_limit;  // none: what the link says, else kDefaultHopLimit
};

// An ICMP error about a packet that we sent, or that somebody says we sent.
struct IpError {
  enum class Kind : std::uint8_t {
    unreachable_soft,  // may pass by itself: a route, a time to live (RFC 1122 4.2.3.9)
    unreachable_hard,  // protocol, port, policy
    packet_too_big,
  };
  Kind kind = Kind::unreachable_soft;
  std::uint8_t protocol = 0;  // of the packet that is complained about
  std::uint32_t mtu = 0;      // packet_too_big: of the narrow link; 0 = not told (RFC 1191 5)
  IpAddress local;            // its source
  IpAddress remote;           // its destination
  std::uint16_t local_port = 0;
  std::uint16_t remote_port = 0;
  std::uint32_t sequence = 0;  // TCP only
};

}  // namespace sluice::net
