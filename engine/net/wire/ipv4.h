// IPv4 headers (RFC 791). A parsed header is consistent with its octets: lengths were checked once.
#pragma once

#include <optional>

#include "engine/base/bytes.h"
#include "engine/net/ip_datagram.h"
#include "engine/net/wire/byte_order.h"
#include "engine/net/wire/checksum.h"

namespace sluice::net {

inline constexpr std::uint32_t kIpv4HeaderLength = 20;

struct Ipv4Header {
  std::uint8_t header_length = kIpv4HeaderLength;  // octets
  std::uint8_t tos = 0;
  std::uint16_t total_length = 0;
  std::uint16_t identification = 0;
  bool dont_fragment = true;
  bool more_fragments = false;
  std::uint16_t fragment_offset = 0;  // octets
  std::uint8_t ttl = kDefaultHopLimit;
  std::uint8_t protocol = 0;
  std::uint32_t source = 0;  // host order
  std::uint32_t destination = 0;

  bool is_fragment() const noexcept { return more_fragments || fragment_offset != 0; }
};

// Checks version and lengths, not the checksum.
inline std::optional<Ipv4Header> parse_ipv4(ByteView octets) noexcept {
  if (octets.size() < kIpv4HeaderLength) return {};
  const std::uint8_t* at = octets.data();
  Ipv4Header header;
  header.header_length = static_cast<std::uint8_t>((at[0] & 0x0f) * 4);
  header.total_length = load16(at + 2);
  const bool sound = at[0] >> 4 == 4 && header.header_length >= kIpv4HeaderLength &&
                     header.header_length <= header.total_length &&
                     header.total_length <= octets.size();
  if (!sound) return {};
  header.tos = at[1];
  header.identification = load16(at + 4);
  const std::uint16_t fragment = load16(at + 6);
  header.dont_fragment = (fragment & 0x4000) != 0;
  header.more_fragments = (fragment & 0x2000) != 0;
  header.fragment_offset = static_cast<std::uint16_t>((fragment & 0x1fff) * 8);
  header.ttl = at[8];
  header.protocol = at[9];
  header.source = load32(at + 12);
  header.destination = load32(at + 16);
  return header;
}

inline bool ipv4_checksum_good(ByteView header) noexcept { return checksum_sum(header) == 0xffff; }

// Writes 20 octets with a zero checksum, in the words in which the checksum reads them.
inline void write_ipv4(std::uint8_t* at, const Ipv4Header& header) noexcept {
  const std::uint32_t flags =
      (header.dont_fragment ? 0x4000u : 0u) | (header.more_fragments ? 0x2000u : 0u);
  const std::uint32_t length = 0x45u << 24 | std::uint32_t{header.tos} << 16 | header.total_length;
  const std::uint32_t fragment = std::uint32_t{header.identification} << 16 | flags |
                                 static_cast<std::uint32_t>(header.fragment_offset / 8);
  const std::uint32_t protocol = std::uint32_t{header.ttl} << 24 | std::uint32_t{header.protocol}
                                                                       << 16;
  store64(at, std::uint64_t{length} << 32 | fragment);
  store64(at + 8, std::uint64_t{protocol} << 32 | header.source);
  store32(at + 16, header.destination);
}

inline void fill_ipv4_checksum(std::uint8_t* at) noexcept {
  store16(at + 10, internet_checksum({at, kIpv4HeaderLength}));
}

}  // namespace sluice::net
