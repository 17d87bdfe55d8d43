#include "engine/smtp/text_run.h"

#include <emmintrin.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

namespace sluice::smtp {

namespace {

constexpr std::size_t kStride = 64;

// One bit per octet of a stride.
struct Marks {
  std::uint64_t cr = 0;
  std::uint64_t lf = 0;
  std::uint64_t dot = 0;
  std::uint64_t nul = 0;
};

std::uint64_t equal_bits(__m128i octets, char wanted) noexcept {
  return static_cast<std::uint32_t>(
      _mm_movemask_epi8(_mm_cmpeq_epi8(octets, _mm_set1_epi8(wanted))));
}

Marks marks_of(const std::uint8_t* stride) noexcept {
  Marks marks;
  for (unsigned lane = 0; lane < kStride / 16; ++lane) {
    __m128i octets;
    std::memcpy(&octets, stride + lane * 16, sizeof octets);
    marks.cr |= equal_bits(octets, '\r') << (lane * 16);
    marks.lf |= equal_bits(octets, '\n') << (lane * 16);
    marks.dot |= equal_bits(octets, '.') << (lane * 16);
    marks.nul |= equal_bits(octets, '\0') << (lane * 16);
  }
  return marks;
}

// Octets that need attention: bare CR (one in the last place may still be followed by LF), bare LF,
// a dot at a line start, NUL.
std::uint64_t attention(const Marks& marks, bool at_line_start, std::size_t length) noexcept {
  const std::uint64_t last = 1ULL << (length - 1);
  const std::uint64_t bare_cr = marks.cr & ~(marks.lf >> 1) & ~last;
  const std::uint64_t bare_lf = marks.lf & ~(marks.cr << 1);
  const std::uint64_t line_start = marks.lf << 1 | (at_line_start ? 1 : 0);
  return bare_cr | bare_lf | (marks.dot & line_start) | marks.nul;
}

}  // namespace

std::size_t plain_run(ByteView text, bool at_line_start) noexcept {
  std::size_t run = 0;
  while (run < text.size()) {
    const std::uint8_t* stride = text.data() + run;
    const std::size_t length = std::min(text.size() - run, kStride);
    std::uint8_t padded[kStride];
    if (length < kStride) {  // the rest is filled with an octet of no meaning
      std::memset(padded, ' ', kStride);
      std::memcpy(padded, stride, length);
      stride = padded;
    }
    const std::uint64_t found = attention(marks_of(stride), at_line_start, length);
    if (found != 0) return run + static_cast<std::size_t>(std::countr_zero(found));
    // A CR in the last place begins the next stride, where its LF can be seen.
    const std::size_t taken = stride[length - 1] == '\r' ? length - 1 : length;
    run += taken;
    if (length < kStride) break;
    at_line_start = stride[taken - 1] == '\n';
  }
  return run;
}

}  // namespace sluice::smtp
