// Ethernet II frames, with or without a VLAN tag (IEEE 802.1Q).
#pragma once

#include <algorithm>
#include <cstring>
#include <optional>

#include "engine/base/bytes.h"
#include "engine/base/ip_address.h"
#include "engine/net/port.h"
#include "engine/net/wire/byte_order.h"

namespace sluice::net {

inline constexpr std::uint32_t kEthernetHeaderLength = 14;
inline constexpr std::uint32_t kVlanTagLength = 4;
inline constexpr std::uint16_t kVlanIdMask = 0x0fff;  // of the tag; the rest is priority
inline constexpr std::uint16_t kEtherTypeIpv4 = 0x0800;
inline constexpr std::uint16_t kEtherTypeArp = 0x0806;
inline constexpr std::uint16_t kEtherTypeVlan = 0x8100;
inline constexpr std::uint16_t kEtherTypeIpv6 = 0x86dd;
inline constexpr MacAddress kBroadcastMac{0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

struct EthernetHeader {
  MacAddress destination{};
  MacAddress source{};
  std::uint16_t type = 0;
};

inline MacAddress load_mac(const std::uint8_t* at) noexcept {
  MacAddress mac;
  std::memcpy(mac.data(), at, mac.size());
  return mac;
}

inline std::optional<EthernetHeader> parse_ethernet(ByteView frame) noexcept {
  if (frame.size() < kEthernetHeaderLength) return {};
  return EthernetHeader{load_mac(frame.data()), load_mac(frame.data() + 6),
                        load16(frame.data() + 12)};
}

inline bool is_group(const MacAddress& mac) noexcept { return (mac[0] & 1) != 0; }

// Where an IPv6 multicast goes on Ethernet (RFC 2464 7).
inline MacAddress multicast_mac(const IpAddress& group) noexcept {
  return {0x33, 0x33, group.octets[12], group.octets[13], group.octets[14], group.octets[15]};
}

inline void write_ethernet(std::uint8_t* at, const EthernetHeader& header) noexcept {
  std::copy_n(header.destination.begin(), 6, at);
  std::copy_n(header.source.begin(), 6, at + 6);
  store16(at + 12, header.type);
}

// Puts the header in front of what `packet` holds, and the tag of a VLAN other than 0. Returns
// their length.
inline std::uint32_t write_link_header(Packet& packet, EthernetHeader header,
                                       std::uint16_t vlan) noexcept {
  std::uint32_t length = kEthernetHeaderLength;
  if (vlan != 0) {
    std::uint8_t* tag = packet.push_front(kVlanTagLength);
    store16(tag, vlan);
    store16(tag + 2, header.type);
    header.type = kEtherTypeVlan;
    length += kVlanTagLength;
  }
  write_ethernet(packet.push_front(kEthernetHeaderLength), header);
  return length;
}

}  // namespace sluice::net
