// Finds a phrase in a short text, 16 places at a time: by its first and its last octet, and then
// the whole.
#pragma once

#include <emmintrin.h>

#include <bit>
#include <cstdint>
#include <string_view>

#include "engine/base/bytes.h"

namespace sluice::scan::sa {

enum class Case : std::uint8_t { same, any };

namespace search {

template <Case kCase>
bool agrees(const char* text, std::string_view part) noexcept {
  for (std::size_t i = 0; i < part.size(); ++i)
    if (kCase == Case::any ? ascii_lower(text[i]) != ascii_lower(part[i]) : text[i] != part[i])
      return false;
  return true;
}

// The places among 16 where that octet stands.
class Octet {
 public:
  Octet(char octet, Case any) {
    const char lower = ascii_lower(octet);
    const bool letter = any == Case::any && lower >= 'a' && lower <= 'z';
    wanted_ = _mm_set1_epi8(letter ? lower : octet);
    loose_ = _mm_set1_epi8(letter ? 0x20 : 0);
  }
  __m128i at(const char* text) const noexcept {
    const __m128i octets = _mm_loadu_si128(reinterpret_cast<const __m128i_u*>(text));
    return _mm_cmpeq_epi8(_mm_or_si128(octets, loose_), wanted_);
  }

 private:
  __m128i wanted_, loose_;
};

}  // namespace search

// npos: nowhere. An empty part is nowhere in an empty text.
template <Case kCase>
std::size_t find_text(std::string_view text, std::string_view part) noexcept {
  constexpr std::size_t kStride = 16;
  if (text.size() < part.size() || text.empty()) return std::string_view::npos;
  if (part.empty()) return 0;
  const std::size_t places = text.size() - part.size() + 1;
  std::size_t at = 0;
  if (places >= kStride) {
    const search::Octet first(part.front(), kCase), last(part.back(), kCase);
    while (at < places) {
      const std::size_t from = std::min(at, places - kStride);  // the last ones overlap
      const char* const begin = text.data() + from;
      auto both = static_cast<std::uint32_t>(
          _mm_movemask_epi8(_mm_and_si128(first.at(begin), last.at(begin + part.size() - 1))));
      for (; both != 0; both &= both - 1) {
        const auto place = static_cast<std::size_t>(std::countr_zero(both));
        if (search::agrees<kCase>(begin + place, part)) return from + place;
      }
      at = from + kStride;
    }
    return std::string_view::npos;
  }
  for (; at < places; ++at)
    if (search::agrees<kCase>(text.data() + at, part)) return at;
  return std::string_view::npos;
}

template <Case kCase>
bool has_text(std::string_view text, std::string_view part) noexcept {
  return find_text<kCase>(text, part) != std::string_view::npos;
}

}  // namespace sluice::scan::sa
