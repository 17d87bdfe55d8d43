// The Internet checksum (RFC 1071) and the TCP pseudo-headers (RFC 9293 3.1, RFC 8200 8.1).
#pragma once

#include <cstdint>

#include "engine/base/bytes.h"
#include "engine/base/ip_address.h"

namespace sluice::net {

// One's complement sum of the octets as 16-bit words in network order, folded to 16 bits, not yet
// inverted. Sums of parts add up with checksum_add() when every part but the last has even length.
std::uint16_t checksum_sum(ByteView octets) noexcept;

constexpr std::uint16_t checksum_add(std::uint16_t a, std::uint16_t b) noexcept {
  const std::uint32_t sum = static_cast<std::uint32_t>(a) + b;
  return static_cast<std::uint16_t>((sum & 0xffff) + (sum >> 16));
}

inline std::uint16_t internet_checksum(ByteView octets) noexcept {
  return static_cast<std::uint16_t>(~checksum_sum(octets));
}

// Sum of the pseudo-header, not inverted: what a device with checksum offload wants in the field.
std::uint16_t pseudo_header_sum(const IpAddress& source, const IpAddress& destination,
                                std::uint8_t protocol, std::uint32_t l4_length) noexcept;

// Of the pseudo-header and `octets` together: 0xffff when the checksum in them is right.
std::uint16_t transport_sum(const IpAddress& source, const IpAddress& destination,
                            std::uint8_t protocol, ByteView octets) noexcept;

}  // namespace sluice::net
