// Which of 64 octets are in a set; for functions that are compiled for AVX-512 BW.
#pragma once

#include <immintrin.h>

#include "scanners/mime/octet_search.h"

namespace sluice::scan::mime {

class OctetSetAvx512 {
 public:
  __attribute__((target("avx512f,avx512bw,avx512vl"))) explicit OctetSetAvx512(
      const OctetSet& set) noexcept
      : low_(repeated(set.low.data())), high_(repeated(set.high.data())) {}

  __attribute__((target("avx512f,avx512bw,avx512vl"))) __mmask64
  members(__m512i octets) const noexcept {
    const __m512i half = _mm512_set1_epi8(15);
    const __m512i by_low = _mm512_shuffle_epi8(low_, _mm512_and_si512(octets, half));
    const __m512i by_high =
        _mm512_shuffle_epi8(high_, _mm512_and_si512(_mm512_srli_epi16(octets, 4), half));
    return _mm512_test_epi8_mask(by_low, by_high);
  }

 private:
  // With a mask of all, as g++ 12 warns of the form without.
  __attribute__((target("avx512f,avx512bw,avx512vl"))) static __m512i repeated(
      const std::uint8_t* table) noexcept {
    return _mm512_maskz_broadcast_i32x4(static_cast<__mmask16>(~0U),
                                        _mm_loadu_si128(reinterpret_cast<const __m128i*>(table)));
  }

  __m512i low_;
  __m512i high_;
};

}  // namespace sluice::scan::mime
