// TCP headers (RFC 9293 3.1).
#pragma once

#include <optional>

#include "engine/base/bytes.h"
#include "engine/net/wire/byte_order.h"

namespace sluice::net {

inline constexpr std::uint32_t kTcpHeaderLength = 20;
inline constexpr std::uint32_t kTcpOptionsMax = 40;

inline constexpr std::size_t kTcpFlagsOffset = 13;  // in the header

enum TcpFlags : std::uint8_t {
  kFin = 0x01,
  kSyn = 0x02,
  kRst = 0x04,
  kPsh = 0x08,
  kAck = 0x10,
  kUrg = 0x20,
  kEce = 0x40,  // RFC 3168 6.1
  kCwr = 0x80,
};

struct TcpHeader {
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint32_t sequence = 0;
  std::uint32_t acknowledgment = 0;
  std::uint8_t header_length = kTcpHeaderLength;  // octets, options included
  std::uint8_t flags = 0;
  std::uint16_t window = 0;  // as on the wire, before scaling

  bool has(std::uint8_t flag) const noexcept { return (flags & flag) != 0; }
};

// Into its place, for every packet: small fields that are copied together afterwards would have to
// reach the cache first. Checks that the header with its options lies within `octets`, not the
// checksum.
inline bool read_tcp(ByteView octets, TcpHeader& header) noexcept {
  if (octets.size() < kTcpHeaderLength) return false;
  const std::uint8_t* at = octets.data();
  header.header_length = static_cast<std::uint8_t>((at[12] >> 4) * 4);
  if (header.header_length < kTcpHeaderLength || header.header_length > octets.size()) return false;
  header.source_port = load16(at);
  header.destination_port = load16(at + 2);
  header.sequence = load32(at + 4);
  header.acknowledgment = load32(at + 8);
  header.flags = at[kTcpFlagsOffset];
  header.window = load16(at + 14);
  return true;
}

inline std::optional<TcpHeader> parse_tcp(ByteView octets) noexcept {
  std::optional<TcpHeader> header(std::in_place);
  if (!read_tcp(octets, *header)) header.reset();
  return header;
}

// Writes the fixed 20 octets with checksum and urgent pointer zero, in the words in which the
// checksum reads them: smaller ones would have to reach the cache first.
inline void write_tcp(std::uint8_t* at, const TcpHeader& header) noexcept {
  const std::uint32_t ports = std::uint32_t{header.source_port} << 16 | header.destination_port;
  const std::uint32_t rest = static_cast<std::uint32_t>(header.header_length / 4) << 28 |
                             std::uint32_t{header.flags} << 16 | header.window;
  store64(at, std::uint64_t{ports} << 32 | header.sequence);
  store64(at + 8, std::uint64_t{header.acknowledgment} << 32 | rest);
  store32(at + 16, 0);
}

inline void store_tcp_checksum(std::uint8_t* header, std::uint16_t value) noexcept {
  store16(header + 16, value);
}

}  // namespace sluice::net
