#include "engine/net/wire/checksum.h"

#include <array>
#include <bit>
#include <cstring>

namespace sluice::net {
namespace {

constexpr std::size_t kBulkOctets = 128;  // from here on vector registers pay

// The last four of eight octets, whatever the byte order.
constexpr auto kLastWord =
    std::bit_cast<std::uint64_t>(std::array<std::uint8_t, 8>{0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff});

template <typename Word>
Word load_native(const std::uint8_t* at) noexcept {
  Word word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

// An octet with a zero after it.
std::uint16_t last_octet(std::uint8_t octet) noexcept {
  const std::uint8_t padded[2] = {octet, 0};
  return load_native<std::uint16_t>(padded);
}

// Always the same steps: how many are needed is a coin that the processor cannot predict.
std::uint16_t fold(std::uint64_t sum) noexcept {
  sum = (sum & 0xffffffff) + (sum >> 32);  // at most 33 bits,
  sum = (sum & 0xffff) + (sum >> 16);      // 18,
  sum = (sum & 0xffff) + (sum >> 16);      // 17
  return static_cast<std::uint16_t>(sum + (sum >> 16));
}

// Plain, so that the compiler makes vector code of it, for the processors that have wider vectors
// too. A datagram's words cannot overflow the sum.
[[gnu::always_inline]] inline std::uint64_t sum_of(const std::uint8_t* at,
                                                   std::size_t words) noexcept {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < words; ++i) sum += load_native<std::uint32_t>(at + i * 4);
  return sum;
}

std::uint64_t sum_words_plain(const std::uint8_t* at, std::size_t words) noexcept {
  return sum_of(at, words);
}

__attribute__((target("avx2"))) std::uint64_t sum_words_avx2(const std::uint8_t* at,
                                                             std::size_t words) noexcept {
  return sum_of(at, words);
}

// Chosen here and not by the loader (target_clones): there TSan's calls would come before TSan.
const auto sum_words = __builtin_cpu_supports("avx2") ? sum_words_avx2 : sum_words_plain;

// In native order, four octets at a time; the one's complement sum does not depend on the byte
// order (RFC 1071 2.B). Below 2^33.
[[gnu::always_inline]] inline std::uint64_t native_sum(ByteView octets) noexcept {
  const std::uint8_t* at = octets.data();
  std::size_t left = octets.size();
  std::uint64_t sum = 0;
  if (left >= kBulkOctets) {
    sum = sum_words(at, left / 4);
    at += left & ~std::size_t{3};
    left &= 3;
  }
  // With the carry brought round, eight octets at a time as they were written: wider loads of a
  // header that was just made would have to wait until it has reached the cache.
  for (; left >= 8; left -= 8, at += 8) {
    const auto words = load_native<std::uint64_t>(at);
    sum += words;
    sum += sum < words ? 1 : 0;
  }
  sum = (sum & 0xffffffff) + (sum >> 32);
  if ((left & 4) != 0) sum += load_native<std::uint32_t>(at);
  if ((left & 2) != 0) sum += load_native<std::uint16_t>(at + (left & 4));
  if ((left & 1) != 0) sum += last_octet(at[left - 1]);
  return (sum & 0xffffffff) + (sum >> 32);
}

[[gnu::always_inline]] inline std::uint64_t native_pseudo_sum(const IpAddress& source,
                                                              const IpAddress& destination,
                                                              std::uint8_t protocol,
                                                              std::uint32_t l4_length) noexcept {
  std::uint64_t sum = std::uint64_t{__builtin_bswap32(l4_length)} + __builtin_bswap16(protocol);
  const auto add = [&sum](std::uint64_t words) { sum += (words & 0xffffffff) + (words >> 32); };
  if (source.is_v4()) {
    add(load_native<std::uint64_t>(&source.octets[8]) & kLastWord);
    add(load_native<std::uint64_t>(&destination.octets[8]) & kLastWord);
  } else {
    for (const std::size_t at : {0, 8}) {
      add(load_native<std::uint64_t>(&source.octets[at]));
      add(load_native<std::uint64_t>(&destination.octets[at]));
    }
  }
  return sum;
}

}  // namespace

std::uint16_t checksum_sum(ByteView octets) noexcept {
  return __builtin_bswap16(fold(native_sum(octets)));
}

std::uint16_t pseudo_header_sum(const IpAddress& source, const IpAddress& destination,
                                std::uint8_t protocol, std::uint32_t l4_length) noexcept {
  return __builtin_bswap16(fold(native_pseudo_sum(source, destination, protocol, l4_length)));
}

std::uint16_t transport_sum(const IpAddress& source, const IpAddress& destination,
                            std::uint8_t protocol, ByteView octets) noexcept {
  const auto length = static_cast<std::uint32_t>(octets.size());
  return __builtin_bswap16(
      fold(native_pseudo_sum(source, destination, protocol, length) + native_sum(octets)));
}

}  // namespace sluice::net
