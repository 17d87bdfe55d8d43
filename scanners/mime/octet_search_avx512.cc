// 64 octets at once; what is left at the end is loaded with a mask.
#if defined(__x86_64__)

#include <immintrin.h>

#include "scanners/mime/search_kernels_x86.h"

#define SLUICE_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,bmi")))

namespace sluice::scan::mime {
namespace {

constexpr std::size_t kBlock = 64;

struct Set {
  __m512i low, high;

  SLUICE_AVX512 explicit Set(const OctetSet& set) noexcept
      : low(repeated(set.low.data())), high(repeated(set.high.data())) {}

  // With a mask of all, as g++ 12 warns of the form without.
  SLUICE_AVX512 static __m512i repeated(const std::uint8_t* table) noexcept {
    return _mm512_maskz_broadcast_i32x4(static_cast<__mmask16>(~0U),
                                        _mm_loadu_si128(reinterpret_cast<const __m128i*>(table)));
  }

  SLUICE_AVX512 __mmask64 members(__m512i octets) const noexcept {
    const __m512i half = _mm512_set1_epi8(15);
    const __m512i by_low = _mm512_shuffle_epi8(low, _mm512_and_si512(octets, half));
    const __m512i by_high =
        _mm512_shuffle_epi8(high, _mm512_and_si512(_mm512_srli_epi16(octets, 4), half));
    return _mm512_test_epi8_mask(by_low, by_high);
  }
};

SLUICE_AVX512 std::size_t find(const OctetPattern& pattern, const std::uint8_t* from,
                               std::size_t size) noexcept {
  const Set alone(pattern.alone);
  const Set first(pattern.first);
  const Set second(pattern.second);
  for (std::size_t at = 0; at < size; at += kBlock) {
    const std::size_t left = size - at;
    const __mmask64 here = left >= kBlock ? ~__mmask64{0} : (__mmask64{1} << left) - 1;
    const __mmask64 behind = left > kBlock ? ~__mmask64{0} : here >> 1;
    const __m512i octets = _mm512_maskz_loadu_epi8(here, from + at);
    __mmask64 found = first.members(octets) & behind;
    if (found != 0) found &= second.members(_mm512_maskz_loadu_epi8(behind, from + at + 1));
    found |= alone.members(octets) & here;
    if (found != 0) return at + static_cast<std::size_t>(__builtin_ctzll(found));
  }
  return size;
}

}  // namespace

const SearchKernel kSearchAvx512{"avx512", find};

}  // namespace sluice::scan::mime

#endif
