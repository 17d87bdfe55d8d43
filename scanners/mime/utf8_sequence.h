// One UTF-8 sequence (RFC 3629 4).
#pragma once

#include <cstdint>

#include "engine/base/bytes.h"

namespace sluice::scan::mime {

inline constexpr int kIncomplete = -1;

// Size of the well-formed sequence that `in` begins with (1..4), 0 when there is none, kIncomplete
// when `in` ends within one. `in` is not empty.
inline int utf8_sequence(ByteView in) noexcept {
  const std::uint8_t lead = in[0];
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const std::size_t size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  for (std::size_t i = 1; i < size; ++i) {
    if (i == in.size()) return kIncomplete;
    std::uint8_t low = 0x80;
    std::uint8_t high = 0xbf;
    if (i == 1) {
      if (lead == 0xe0) low = 0xa0;   // overlong
      if (lead == 0xed) high = 0x9f;  // surrogates
      if (lead == 0xf0) low = 0x90;   // overlong
      if (lead == 0xf4) high = 0x8f;  // above U+10FFFF
    }
    if (in[i] < low || in[i] > high) return 0;
  }
  return static_cast<int>(size);
}

// Octets below 128 at the beginning of `in`.
inline std::size_t ascii_prefix(ByteView in) noexcept {
  std::size_t at = 0;
  for (; at + 32 <= in.size(); at += 32) {
    std::uint64_t words[4];
    std::memcpy(words, in.data() + at, sizeof words);
    if (((words[0] | words[1] | words[2] | words[3]) & 0x8080'8080'8080'8080) != 0) break;
  }
  while (at < in.size() && in[at] < 0x80) ++at;
  return at;
}

}  // namespace sluice::scan::mime
