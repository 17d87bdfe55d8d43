// 64 octets at once; what is left at the end is loaded with a mask.
#if defined(__x86_64__)

#include "scanners/mime/octet_set_avx512.h"
#include "scanners/mime/search_kernels_x86.h"

#define SLUICE_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,bmi,popcnt")))

namespace sluice::scan::mime {
namespace {

constexpr std::size_t kBlock = 64;

SLUICE_AVX512 __mmask64 mask_of(std::size_t octets) noexcept {
  return octets >= kBlock ? ~__mmask64{0} : (__mmask64{1} << octets) - 1;
}

SLUICE_AVX512 std::size_t find(const OctetPattern& pattern, const std::uint8_t* from,
                               std::size_t size) noexcept {
  const OctetSetAvx512 alone(pattern.alone);
  const OctetSetAvx512 first(pattern.first);
  const OctetSetAvx512 second(pattern.second);
  for (std::size_t at = 0; at < size; at += kBlock) {
    const std::size_t left = size - at;
    const __mmask64 here = mask_of(left);
    const __mmask64 behind = left > kBlock ? ~__mmask64{0} : here >> 1;
    const __m512i octets = _mm512_maskz_loadu_epi8(here, from + at);
    __mmask64 found = first.members(octets) & behind;
    if (found != 0) found &= second.members(_mm512_maskz_loadu_epi8(behind, from + at + 1));
    found |= alone.members(octets) & here;
    if (found != 0) return at + static_cast<std::size_t>(__builtin_ctzll(found));
  }
  return size;
}

SLUICE_AVX512 std::size_t find_alone(const OctetPattern& pattern, const std::uint8_t* from,
                                     std::size_t size) noexcept {
  const OctetSetAvx512 alone(pattern.alone);
  for (std::size_t at = 0; at < size; at += kBlock) {
    const __mmask64 here = mask_of(size - at);
    const __mmask64 found = alone.members(_mm512_maskz_loadu_epi8(here, from + at)) & here;
    if (found != 0) return at + static_cast<std::size_t>(__builtin_ctzll(found));
  }
  return size;
}

SLUICE_AVX512 std::uint64_t members(const OctetSet& octets, const std::uint8_t* from,
                                    std::size_t size) noexcept {
  const __mmask64 here = mask_of(size);
  return OctetSetAvx512(octets).members(_mm512_maskz_loadu_epi8(here, from)) & here;
}

SLUICE_AVX512 std::size_t count(const OctetSet& octets, const std::uint8_t* from,
                                std::size_t size) noexcept {
  const OctetSetAvx512 set(octets);
  std::size_t count = 0;
  for (std::size_t at = 0; at < size; at += kBlock) {
    const __mmask64 here = mask_of(size - at);
    const __mmask64 found = set.members(_mm512_maskz_loadu_epi8(here, from + at)) & here;
    count += static_cast<std::size_t>(__builtin_popcountll(found));
  }
  return count;
}

}  // namespace

const SearchKernel kSearchAvx512{"avx512", find, find_alone, count, members};

}  // namespace sluice::scan::mime

#endif
