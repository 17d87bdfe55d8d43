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

std::uint16_t fold(std::uint64_t sum) noexcept {
  while ((sum >> 16) != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
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

}  // namespace

// Summed in native order, four octets at a time, and swapped once at the end: the one's complement
// sum does not depend on the byte order (RFC 1071 2.B).
std::uint16_t checksum_sum(ByteView octets) noexcept {
  const std::uint8_t* at = octets.data();
  std::size_t left = octets.size();
  std::uint64_t sum = 0;
  if (left >= kBulkOctets) {
    sum = sum_words(at, left / 4);
    at += left & ~std::size_t{3};
    left &= 3;
  }
  for (; left >= 8; left -= 8, at += 8) {
    const std::uint64_t words = load_native<std::uint64_t>(at);
    sum += (words & 0xffffffff) + (words >> 32);
  }
  if ((left & 4) != 0) sum += load_native<std::uint32_t>(at);
  if ((left & 2) != 0) sum += load_native<std::uint16_t>(at + (left & 4));
  if ((left & 1) != 0) sum += last_octet(at[left - 1]);
  return __builtin_bswap16(fold(sum));
}

std::uint16_t pseudo_header_sum(const IpAddress& source, const IpAddress& destination,
                                std::uint8_t protocol, std::uint32_t l4_length) noexcept {
  std::uint64_t sum = 0;
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
  return fold(std::uint64_t{__builtin_bswap16(fold(sum))} + protocol + (l4_length >> 16) +
              (l4_length & 0xffff));
}

}  // namespace sluice::net
