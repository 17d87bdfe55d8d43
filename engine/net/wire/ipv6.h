// IPv6 headers (RFC 8200 3). A parsed header is consistent with its octets: lengths were checked
// once.
#pragma once

#include <algorithm>
#include <optional>

#include "engine/base/bytes.h"
#include "engine/net/ip_datagram.h"
#include "engine/net/wire/byte_order.h"

namespace sluice::net {

inline constexpr std::uint32_t kIpv6HeaderLength = 40;
inline constexpr std::uint32_t kIpv6MtuMin = 1'280;  // every link carries that (RFC 8200 5)

struct Ipv6Header {
  std::uint8_t traffic_class = 0;
  std::uint32_t flow_label = 0;
  std::uint16_t payload_length = 0;  // extension headers included
  std::uint8_t next_header = 0;
  std::uint8_t hop_limit = kDefaultHopLimit;
  IpAddress source;
  IpAddress destination;
};

inline IpAddress load_ipv6_address(const std::uint8_t* at) noexcept {
  IpAddress address;
  std::copy_n(at, address.octets.size(), address.octets.begin());
  return address;
}

inline void store_ipv6_address(std::uint8_t* at, const IpAddress& address) noexcept {
  std::copy_n(address.octets.begin(), address.octets.size(), at);
}

inline std::optional<Ipv6Header> parse_ipv6(ByteView octets) noexcept {
  if (octets.size() < kIpv6HeaderLength) return {};
  const std::uint8_t* at = octets.data();
  const std::uint32_t first = load32(at);
  Ipv6Header header;
  header.payload_length = load16(at + 4);
  const bool sound = first >> 28 == 6 && kIpv6HeaderLength + header.payload_length <= octets.size();
  if (!sound) return {};
  header.traffic_class = static_cast<std::uint8_t>(first >> 20);
  header.flow_label = first & 0xfffff;
  header.next_header = at[6];
  header.hop_limit = at[7];
  header.source = load_ipv6_address(at + 8);
  header.destination = load_ipv6_address(at + 24);
  return header;
}

// Writes 40 octets.
inline void write_ipv6(std::uint8_t* at, const Ipv6Header& header) noexcept {
  store32(at, 6u << 28 | static_cast<std::uint32_t>(header.traffic_class) << 20 |
                  (header.flow_label & 0xfffff));
  store16(at + 4, header.payload_length);
  at[6] = header.next_header;
  at[7] = header.hop_limit;
  store_ipv6_address(at + 8, header.source);
  store_ipv6_address(at + 24, header.destination);
}

}  // namespace sluice::net
