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

SLUICE_AVX512 std::size_t first_of(__mmask64 found) noexcept {
  return static_cast<std::size_t>(__builtin_ctzll(found));
}

SLUICE_AVX512 std::size_t find(const OctetPattern& pattern, const std::uint8_t* from,
                               std::size_t size) noexcept {
  const OctetSetAvx512 alone(pattern.alone);
  const OctetSetAvx512 first(pattern.first);
  const OctetSetAvx512 second(pattern.second);
  std::size_t at = 0;
  for (; at + kBlock < size; at += kBlock) {
    const __m512i octets = _mm512_loadu_si512(from + at);
    __mmask64 found = first.members(octets);
    if (found != 0) found &= second.members(_mm512_loadu_si512(from + at + 1));
    if (pattern.has_alone) found |= alone.members(octets);
    if (found != 0) return at + first_of(found);
  }
  if (at == size) return size;
  const __mmask64 here = mask_of(size - at);
  const __mmask64 behind = here >> 1;
  const __m512i octets = _mm512_maskz_loadu_epi8(here, from + at);
  __mmask64 found = first.members(octets) & behind;
  if (found != 0) found &= second.members(_mm512_maskz_loadu_epi8(behind, from + at + 1));
  found |= alone.members(octets) & here;
  return found != 0 ? at + first_of(found) : size;
}

SLUICE_AVX512 std::size_t find_alone(const OctetPattern& pattern, const std::uint8_t* from,
                                     std::size_t size) noexcept {
  const OctetSetAvx512 alone(pattern.alone);
  std::size_t at = 0;
  for (; at + kBlock <= size; at += kBlock) {
    const __mmask64 found = alone.members(_mm512_loadu_si512(from + at));
    if (found != 0) return at + first_of(found);
  }
  if (at == size) return size;
  const __mmask64 here = mask_of(size - at);
  const __mmask64 found = alone.members(_mm512_maskz_loadu_epi8(here, from + at)) & here;
  return found != 0 ? at + first_of(found) : size;
}

SLUICE_AVX512 std::uint64_t members(const OctetSet& octets, const std::uint8_t* from,
                                    std::size_t size) noexcept {
  const __mmask64 here = mask_of(size);
  return OctetSetAvx512(octets).members(_mm512_maskz_loadu_epi8(here, from)) & here;
}

SLUICE_AVX512 std::size_t count(const OctetSet& octets, const std::uint8_t* from,
                                std::size_t size) noexcept {
  const OctetSetAvx512 set(octets);
  unsigned long long count = 0;
  std::size_t at = 0;
  for (; at + kBlock <= size; at += kBlock)
    count += static_cast<unsigned long long>(
        __builtin_popcountll(set.members(_mm512_loadu_si512(from + at))));
  return count +
         static_cast<std::size_t>(__builtin_popcountll(members(octets, from + at, size - at)));
}

}  // namespace

const SearchKernel kSearchAvx512{"avx512", find, find_alone, count, members};

}  // namespace sluice::scan::mime

#endif
