// 32 octets at once; the last of a text one by one.
#if defined(__x86_64__)

#include <immintrin.h>

#include "scanners/mime/search_kernels_x86.h"

#define SLUICE_AVX2 __attribute__((target("avx2,bmi,popcnt")))

namespace sluice::scan::mime {
namespace {

constexpr std::size_t kBlock = 32;

SLUICE_AVX2 __m256i load(const std::uint8_t* from) noexcept {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
}

struct Set {
  __m256i low, high;

  SLUICE_AVX2 explicit Set(const OctetSet& set) noexcept
      : low(repeated(set.low.data())), high(repeated(set.high.data())) {}

  SLUICE_AVX2 static __m256i repeated(const std::uint8_t* table) noexcept {
    return _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(table)));
  }

  SLUICE_AVX2 std::uint32_t members(__m256i octets) const noexcept {
    const __m256i half = _mm256_set1_epi8(15);
    const __m256i by_low = _mm256_shuffle_epi8(low, _mm256_and_si256(octets, half));
    const __m256i by_high =
        _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16(octets, 4), half));
    const __m256i none =
        _mm256_cmpeq_epi8(_mm256_and_si256(by_low, by_high), _mm256_setzero_si256());
    return ~static_cast<std::uint32_t>(_mm256_movemask_epi8(none));
  }
};

SLUICE_AVX2 std::size_t find(const OctetPattern& pattern, const std::uint8_t* from,
                             std::size_t size) noexcept {
  const Set alone(pattern.alone);
  const Set first(pattern.first);
  const Set second(pattern.second);
  std::size_t at = 0;
  for (; at + kBlock < size; at += kBlock) {
    const __m256i octets = load(from + at);
    std::uint32_t found = first.members(octets);
    if (found != 0) found &= second.members(load(from + at + 1));
    found |= alone.members(octets);
    if (found != 0) return at + static_cast<std::size_t>(__builtin_ctz(found));
  }
  return at + kSearchPortable.find(pattern, from + at, size - at);
}

SLUICE_AVX2 std::size_t find_alone(const OctetPattern& pattern, const std::uint8_t* from,
                                   std::size_t size) noexcept {
  const Set alone(pattern.alone);
  std::size_t at = 0;
  for (; at + kBlock <= size; at += kBlock)
    if (const std::uint32_t found = alone.members(load(from + at)); found != 0)
      return at + static_cast<std::size_t>(__builtin_ctz(found));
  return at + kSearchPortable.find_alone(pattern, from + at, size - at);
}

SLUICE_AVX2 std::size_t count(const OctetSet& octets, const std::uint8_t* from,
                              std::size_t size) noexcept {
  const Set set(octets);
  std::size_t count = 0;
  std::size_t at = 0;
  for (; at + kBlock <= size; at += kBlock)
    count += static_cast<std::size_t>(__builtin_popcount(set.members(load(from + at))));
  return count + kSearchPortable.count(octets, from + at, size - at);
}

SLUICE_AVX2 std::uint64_t members(const OctetSet& octets, const std::uint8_t* from,
                                  std::size_t size) noexcept {
  if (size < kMembersBlock) return kSearchPortable.members(octets, from, size);
  const Set set(octets);
  return set.members(load(from)) | std::uint64_t{set.members(load(from + kBlock))} << kBlock;
}

}  // namespace

const SearchKernel kSearchAvx2{"avx2", find, find_alone, count, members};

}  // namespace sluice::scan::mime

#endif
