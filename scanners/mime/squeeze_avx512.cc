// 64 octets at once: which begin white space, whether it is a single space or line end, and the
// octets that stay moved together (VBMI2).
#if defined(__x86_64__)

#include <algorithm>

#include "scanners/mime/octet_set_avx512.h"
#include "scanners/mime/squeeze.h"

#define SLUICE_AVX512 \
  __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi2,bmi,bmi2,popcnt")))

namespace sluice::scan::mime {
namespace {

constexpr std::size_t kBlock = 64;

SLUICE_AVX512 Squeezed squeeze(const OctetSet& leads, const std::uint8_t* from, std::size_t size,
                               std::uint8_t* to) noexcept {
  const OctetSetAvx512 set(leads);
  const std::uint8_t* const begin = to;
  std::size_t at = 0;
  while (at + kBlock + 2 <= size) {
    const __m512i octets = _mm512_loadu_si512(from + at);
    const std::uint64_t white = set.members(octets);
    const std::uint64_t feeds = _mm512_cmpeq_epi8_mask(octets, _mm512_set1_epi8('\n'));
    const std::uint64_t returns = _mm512_cmpeq_epi8_mask(octets, _mm512_set1_epi8('\r'));
    const std::uint64_t spaces = _mm512_cmpeq_epi8_mask(octets, _mm512_set1_epi8(' '));
    // What is one octet further, and two; the octet before the first is not white.
    const std::uint8_t* const behind = from + at + kBlock;
    const std::uint64_t white1 = white >> 1 | std::uint64_t{leads.has(behind[0])} << 63;
    const std::uint64_t white2 = white1 >> 1 | std::uint64_t{leads.has(behind[1])} << 63;
    const std::uint64_t feeds1 = feeds >> 1 | std::uint64_t{behind[0] == '\n'} << 63;
    const std::uint64_t starts = white & ~(white << 1);
    const std::uint64_t single = starts & ~white1 & (spaces | feeds);
    const std::uint64_t pairs = starts & white1 & ~white2 & returns & feeds1;
    const std::uint64_t others = starts & ~(single | pairs);
    // Mostly the whole block. A pair that goes across its end is for the next one.
    std::uint64_t end = kBlock;
    if ((others | pairs >> 63) != 0) [[unlikely]]
      end = std::min<std::uint64_t>(kBlock - (pairs >> 63), _tzcnt_u64(others));
    const std::uint64_t kept = _bzhi_u64(~(pairs << 1), static_cast<unsigned>(end));
    const __m512i spaced = _mm512_mask_mov_epi8(octets, single | pairs, _mm512_set1_epi8(' '));
    _mm512_storeu_si512(to, _mm512_maskz_compress_epi8(kept, spaced));
    to += __builtin_popcountll(kept);
    at += end;
    if (others != 0) break;
  }
  return {at, static_cast<std::size_t>(to - begin)};
}

}  // namespace

const SqueezeFunction kSqueezeAvx512 = squeeze;

}  // namespace sluice::scan::mime

#endif
