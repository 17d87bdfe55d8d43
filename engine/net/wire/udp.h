// UDP headers (RFC 768).
#pragma once

#include <optional>

#include "engine/base/bytes.h"
#include "engine/net/wire/byte_order.h"

namespace sluice::net {

inline constexpr std::uint32_t kUdpHeaderLength = 8;

struct UdpHeader {
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint16_t length = 0;    // header and payload
  std::uint16_t checksum = 0;  // 0 = none, over IPv4 only (RFC 8200 8.1)
};

// Checks that the datagram lies within `octets`, not the checksum.
inline std::optional<UdpHeader> parse_udp(ByteView octets) noexcept {
  if (octets.size() < kUdpHeaderLength) return {};
  const std::uint8_t* at = octets.data();
  const UdpHeader header{load16(at), load16(at + 2), load16(at + 4), load16(at + 6)};
  if (header.length < kUdpHeaderLength || header.length > octets.size()) return {};
  return header;
}

inline void write_udp(std::uint8_t* at, const UdpHeader& header) noexcept {
  store16(at, header.source_port);
  store16(at + 2, header.destination_port);
  store16(at + 4, header.length);
  store16(at + 6, header.checksum);
}

}  // namespace sluice::net
