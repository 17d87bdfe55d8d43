#include "engine/net/wire/checksum.h"

#include <cstring>

namespace sluice::net {
namespace {

__extension__ using Wide = unsigned __int128;

std::uint64_t load_native64(const std::uint8_t* at) noexcept {
  std::uint64_t value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

std::uint16_t fold(Wide sum) noexcept {
  while ((sum >> 16) != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}

}  // namespace

// Summed in native order, eight octets at a time into two chains, and swapped once at the end: the
// one's complement sum does not depend on the byte order (RFC 1071 2.B).
std::uint16_t checksum_sum(ByteView octets) noexcept {
  const std::uint8_t* at = octets.data();
  std::size_t left = octets.size();
  Wide even = 0;
  Wide odd = 0;
  for (; left >= 16; left -= 16, at += 16) {
    even += load_native64(at);
    odd += load_native64(at + 8);
  }
  even += odd;
  if (left >= 8) {
    even += load_native64(at);
    at += 8;
    left -= 8;
  }
  if (left > 0) {
    std::uint64_t tail = 0;
    std::memcpy(&tail, at, left);
    even += tail;
  }
  const std::uint64_t low = static_cast<std::uint64_t>(even);
  const std::uint64_t high = static_cast<std::uint64_t>(even >> 64);
  const std::uint64_t words = (low & 0xffffffff) + (low >> 32) + high;
  return __builtin_bswap16(fold(words));
}

std::uint16_t pseudo_header_sum(const IpAddress& source, const IpAddress& destination,
                                std::uint8_t protocol, std::uint32_t l4_length) noexcept {
  const std::size_t skip = source.is_v4() ? 12 : 0;
  std::uint16_t sum = checksum_sum(ByteView(source.octets).subspan(skip));
  sum = checksum_add(sum, checksum_sum(ByteView(destination.octets).subspan(skip)));
  sum = checksum_add(sum, protocol);
  sum = checksum_add(sum, static_cast<std::uint16_t>(l4_length >> 16));
  return checksum_add(sum, static_cast<std::uint16_t>(l4_length));
}

}  // namespace sluice::net
