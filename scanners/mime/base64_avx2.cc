// 32 octets at once: the class of an octet from its two halves (after Muła and Lemire, "Faster
// Base64 Encoding and Decoding using AVX2 Instructions"), symbols moved together 8 at a time.
#if defined(__x86_64__)

#include <immintrin.h>

#include <cstring>

#include "scanners/mime/base64_kernels_x86.h"
#include "scanners/mime/base64_table.h"

#define SLUICE_AVX2 __attribute__((target("avx2,popcnt")))

namespace sluice::scan::mime {
namespace {

constexpr std::size_t kBlock = 32;

// By mask of what to leave out: the places of the others, in order.
constexpr std::array<std::array<std::uint8_t, 8>, 256> make_gather() {
  std::array<std::array<std::uint8_t, 8>, 256> gather{};
  for (unsigned mask = 0; mask < 256; ++mask) {
    std::size_t used = 0;
    for (std::uint8_t i = 0; i < 8; ++i)
      if ((mask >> i & 1) == 0) gather[mask][used++] = i;
  }
  return gather;
}

constexpr auto kGather = make_gather();

SLUICE_AVX2 inline __m256i twice(__m128i lane) noexcept {
  return _mm256_broadcastsi128_si256(lane);
}

struct Mapped {
  __m256i values;
  std::uint32_t others;  // mask of the octets that are no symbols
};

SLUICE_AVX2 inline Mapped map(__m256i octets) noexcept {
  const __m256i low_class = twice(_mm_setr_epi8(0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11,
                                                0x11, 0x11, 0x13, 0x1a, 0x1b, 0x1b, 0x1b, 0x1a));
  const __m256i high_class = twice(_mm_setr_epi8(0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08,
                                                 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10));
  const __m256i shift =
      twice(_mm_setr_epi8(0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0));
  const __m256i high = _mm256_and_si256(_mm256_srli_epi32(octets, 4), _mm256_set1_epi8(0x0f));
  const __m256i low = _mm256_and_si256(octets, _mm256_set1_epi8(0x0f));
  const __m256i classes =
      _mm256_and_si256(_mm256_shuffle_epi8(low_class, low), _mm256_shuffle_epi8(high_class, high));
  const __m256i is_symbol = _mm256_cmpeq_epi8(classes, _mm256_setzero_si256());
  const __m256i is_slash = _mm256_cmpeq_epi8(octets, _mm256_set1_epi8('/'));
  const __m256i row = _mm256_add_epi8(is_slash, high);
  return {_mm256_add_epi8(octets, _mm256_shuffle_epi8(shift, row)),
          ~static_cast<std::uint32_t>(_mm256_movemask_epi8(is_symbol))};
}

SLUICE_AVX2 inline std::uint32_t mask_of(__m256i octets, char wanted) noexcept {
  return static_cast<std::uint32_t>(
      _mm256_movemask_epi8(_mm256_cmpeq_epi8(octets, _mm256_set1_epi8(wanted))));
}

SLUICE_AVX2 Base64Strip strip(const std::uint8_t* from, std::size_t size,
                              std::uint8_t* to) noexcept {
  const std::uint8_t* const begin = to;
  bool foreign = false;
  std::size_t at = 0;
  for (; at + kBlock <= size; at += kBlock) {
    const __m256i octets = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + at));
    const auto [values, others] = map(octets);
    if (others == 0) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), values);
      to += kBlock;
      continue;
    }
    if (mask_of(octets, '=') != 0) break;
    foreign = foreign || (others & ~(mask_of(octets, '\r') | mask_of(octets, '\n') |
                                     mask_of(octets, ' ') | mask_of(octets, '\t'))) != 0;
    alignas(32) std::array<std::uint8_t, kBlock> spread;
    _mm256_store_si256(reinterpret_cast<__m256i*>(spread.data()), values);
    for (std::size_t i = 0; i < kBlock; i += 8) {
      const std::uint32_t left_out = others >> i & 0xff;
      const __m128i eight = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(spread.data() + i));
      const __m128i order =
          _mm_loadl_epi64(reinterpret_cast<const __m128i*>(kGather[left_out].data()));
      _mm_storel_epi64(reinterpret_cast<__m128i*>(to), _mm_shuffle_epi8(eight, order));
      to += 8 - static_cast<std::size_t>(__builtin_popcount(left_out));
    }
  }
  return {at, static_cast<std::size_t>(to - begin), foreign};
}

SLUICE_AVX2 void pack(const std::uint8_t* from, std::size_t size, std::uint8_t* to) noexcept {
  const __m256i order =
      twice(_mm_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1));
  const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 7, 7);
  for (std::size_t at = 0; at < size; at += kBlock, to += 24) {
    const __m256i symbols = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + at));
    const __m256i pairs = _mm256_maddubs_epi16(symbols, _mm256_set1_epi32(0x0140'0140));
    const __m256i groups = _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x0001'1000));
    const __m256i octets = _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8(groups, order), lanes);
    const std::size_t left = size - at;
    if (left >= kBlock + kBlock / 2) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(to),
                          octets);  // what is too much is written over
      continue;
    }
    alignas(32) std::array<std::uint8_t, kBlock> last;
    _mm256_store_si256(reinterpret_cast<__m256i*>(last.data()), octets);
    std::memcpy(to, last.data(), left < kBlock ? left / 4 * 3 : 24);
  }
}

}  // namespace

const Base64Kernel kBase64Avx2{"avx2", kBlock, strip, pack};

}  // namespace sluice::scan::mime

#endif
