// Neighbour and router discovery messages (RFC 4861 4). What comes out of a parse passed the checks
// of section 7.1 and 6.1 that concern the message itself; hop limit, checksum and addresses are the
// caller's.
#pragma once

#include <array>
#include <optional>

#include "engine/base/bytes.h"
#include "engine/base/ip_address.h"
#include "engine/net/port.h"

namespace sluice::net {

enum NdType : std::uint8_t {
  kNdRouterSolicitation = 133,
  kNdRouterAdvertisement = 134,
  kNdNeighborSolicitation = 135,
  kNdNeighborAdvertisement = 136,
  kNdRedirect = 137,
};
inline constexpr std::uint8_t kNdHopLimit = 255;      // no router lets it through
inline constexpr std::size_t kPrefixesPerAdvert = 8;  // more prefix options are ignored

inline constexpr IpAddress kAllNodes{{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
inline constexpr IpAddress kAllRouters{{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2}};

// ff02::1:ff00:0/104 with the last 24 bits of the address (RFC 4291 2.7.1).
constexpr IpAddress solicited_node(const IpAddress& address) noexcept {
  return {{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, address.octets[13], address.octets[14],
           address.octets[15]}};
}

// A solicitation or advertisement of a neighbour.
struct NeighborMessage {
  std::uint8_t type = kNdNeighborSolicitation;
  bool router = false;  // advertisements only: the three flags of 4.4
  bool solicited = false;
  bool overrides = false;
  IpAddress target;
  std::optional<MacAddress> mac;  // source (solicitation) or target (advertisement) option
};

struct PrefixInformation {  // 4.6.2
  Prefix prefix;
  bool on_link = false;
  bool autonomous = false;
  std::uint32_t valid_s = 0;  // seconds; all ones = for ever
  std::uint32_t preferred_s = 0;
};

struct RouterAdvertisement {     // 4.2; the flags for DHCPv6 are not looked at
  std::uint8_t hop_limit = 0;    // 0 = not told, like the next four
  std::uint16_t lifetime_s = 0;  // as a default router, seconds; 0 = it is none
  std::uint32_t reachable_ms = 0;
  std::uint32_t retransmit_ms = 0;
  std::uint32_t mtu = 0;
  std::optional<MacAddress> mac;
  std::size_t prefix_count = 0;
  std::array<PrefixInformation, kPrefixesPerAdvert> prefixes;
};

// `icmp` is the whole ICMPv6 message.
std::optional<NeighborMessage> parse_neighbor_message(ByteView icmp) noexcept;
std::optional<RouterAdvertisement> parse_router_advertisement(ByteView icmp) noexcept;

// Write a message with a zero checksum; return its length.
std::uint32_t write_neighbor_message(std::uint8_t* at, const NeighborMessage& message) noexcept;
std::uint32_t write_router_solicitation(std::uint8_t* at,
                                        const std::optional<MacAddress>& mac) noexcept;

}  // namespace sluice::net
