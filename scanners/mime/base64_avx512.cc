// 64 octets at once: a table of 128 entries in two registers (VBMI), and the symbols of a block
// moved together (VBMI2), so that line ends cost nothing extra.
#if defined(__x86_64__)

#include <immintrin.h>

#include "scanners/mime/base64_kernels_x86.h"
#include "scanners/mime/base64_table.h"

#define SLUICE_AVX512 \
  __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,popcnt")))

namespace sluice::scan::mime {
namespace {

constexpr std::size_t kBlock = 64;

// Where the three octets of each 32-bit group (high to low) go.
constexpr std::array<std::uint8_t, kBlock> make_order() {
  std::array<std::uint8_t, kBlock> order{};
  for (std::size_t i = 0; i < 48; ++i) order[i] = static_cast<std::uint8_t>(i / 3 * 4 + 2 - i % 3);
  return order;
}

constexpr std::array<std::uint8_t, kBlock> kOrder = make_order();

SLUICE_AVX512 Base64Strip strip(const std::uint8_t* from, std::size_t size,
                                std::uint8_t* to) noexcept {
  const __m512i low = _mm512_loadu_si512(kBase64Values.data());
  const __m512i high = _mm512_loadu_si512(kBase64Values.data() + kBlock);
  const std::uint8_t* const begin = to;
  std::uint64_t foreign = 0;
  std::size_t at = 0;
  for (; at + kBlock <= size; at += kBlock) {
    const __m512i octets = _mm512_loadu_si512(from + at);
    const __m512i values = _mm512_permutex2var_epi8(low, octets, high);
    const __mmask64 eight_bit = _mm512_movepi8_mask(octets);
    const __mmask64 others = _mm512_movepi8_mask(values) | eight_bit;
    if (others == 0) {
      _mm512_storeu_si512(to, values);
      to += kBlock;
      continue;
    }
    if (_mm512_cmpeq_epi8_mask(octets, _mm512_set1_epi8('=')) != 0) break;
    foreign |=
        eight_bit | _mm512_movepi8_mask(_mm512_and_si512(values, _mm512_add_epi8(values, values)));
    _mm512_storeu_si512(to, _mm512_maskz_compress_epi8(~others, values));
    to += kBlock - static_cast<std::size_t>(__builtin_popcountll(others));
  }
  return {at, static_cast<std::size_t>(to - begin), foreign != 0};
}

SLUICE_AVX512 void pack(const std::uint8_t* from, std::size_t size, std::uint8_t* to) noexcept {
  const __m512i order = _mm512_loadu_si512(kOrder.data());
  const __m512i pair = _mm512_set1_epi32(0x0140'0140);   // first << 6 | second
  const __m512i group = _mm512_set1_epi32(0x0001'1000);  // first << 12 | second
  for (std::size_t at = 0; at < size; at += kBlock, to += 48) {
    const __m512i pairs = _mm512_maddubs_epi16(_mm512_loadu_si512(from + at), pair);
    // With a mask of all, as g++ 12 warns of the form without.
    const __m512i octets =
        _mm512_maskz_permutexvar_epi8(~__mmask64{0}, order, _mm512_madd_epi16(pairs, group));
    const std::size_t left = size - at;
    if (left >= kBlock + kBlock / 2)
      _mm512_storeu_si512(to, octets);  // what is too much is written over
    else
      _mm512_mask_storeu_epi8(to, (std::uint64_t{1} << (left < kBlock ? left / 4 * 3 : 48)) - 1,
                              octets);
  }
}

}  // namespace

const Base64Kernel kBase64Avx512{"avx512", kBlock, strip, pack};

}  // namespace sluice::scan::mime

#endif
