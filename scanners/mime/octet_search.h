// Finds the next octet of a text that needs thought, 64 or 32 octets at a time, so that what needs
// none can be taken in runs.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "engine/base/bytes.h"

namespace sluice::scan::mime {

// Two tables of 16, for a vector to look up: an octet is in the set when the entries of its two
// halves have a bit in common.
struct alignas(32) OctetSet {
  std::array<std::uint8_t, 16> low{};
  std::array<std::uint8_t, 16> high{};

  // Does not compile for a set with more than eight different rows of 16.
  template <typename Member>
  static consteval OctetSet of(Member member) {
    OctetSet set;
    std::array<unsigned, 8> rows{};
    std::size_t count = 0;
    for (unsigned half = 0; half < 16; ++half) {
      unsigned row = 0;
      for (unsigned i = 0; i < 16; ++i) row |= (member(half * 16 + i) ? 1U : 0U) << i;
      if (row == 0) continue;
      std::size_t place = 0;
      while (place < count && rows[place] != row) ++place;
      if (place == count) rows.at(count++) = row;
      set.high[half] = static_cast<std::uint8_t>(1U << place);
      for (unsigned i = 0; i < 16; ++i)
        if ((row >> i & 1) != 0) set.low[i] |= static_cast<std::uint8_t>(1U << place);
    }
    return set;
  }

  constexpr bool has(std::uint8_t octet) const noexcept {
    return (low[octet & 15] & high[octet >> 4]) != 0;
  }
};

// Those of `octets`, which has no 0.
template <std::size_t Size>
consteval OctetSet octets_of(const char (&octets)[Size]) {
  const std::string_view all(octets, Size - 1);
  return OctetSet::of(
      [&](unsigned octet) { return all.find(static_cast<char>(octet)) != all.npos; });
}

// Octets at the front of `text` before the first of the set. For texts of few octets, one by one;
// but without a call for each, as std::string_view::find_first_of() makes.
constexpr std::size_t size_before(const OctetSet& set, std::string_view text) noexcept {
  std::size_t size = 0;
  while (size < text.size() && !set.has(static_cast<std::uint8_t>(text[size]))) ++size;
  return size;
}

// Octets at the front of `text` that are in the set; likewise.
constexpr std::size_t size_within(const OctetSet& set, std::string_view text) noexcept {
  std::size_t size = 0;
  while (size < text.size() && set.has(static_cast<std::uint8_t>(text[size]))) ++size;
  return size;
}

// An octet of `alone`; or one of `first` with one of `second` behind it.
struct OctetPattern {
  static constexpr std::uint8_t kAlone = 1, kFirst = 2, kSecond = 4;

  OctetSet alone, first, second;
  bool has_alone = false;
  bool has_pairs = false;
  std::array<std::uint8_t, 256> kinds{};  // the same for one octet at a time

  consteval OctetPattern(OctetSet a, OctetSet b, OctetSet c) : alone(a), first(b), second(c) {
    for (unsigned i = 0; i < 256; ++i) {
      const auto octet = static_cast<std::uint8_t>(i);
      kinds[i] = static_cast<std::uint8_t>(
          (a.has(octet) ? kAlone : 0) | (b.has(octet) ? kFirst : 0) | (c.has(octet) ? kSecond : 0));
      has_alone = has_alone || a.has(octet);
      has_pairs = has_pairs || b.has(octet);
    }
  }
};

inline constexpr std::size_t kMembersBlock = 64;

struct SearchKernel {
  const char* name;
  std::size_t (*find)(const OctetPattern& pattern, const std::uint8_t* from,
                      std::size_t size) noexcept;
  // Of a pattern without pairs.
  std::size_t (*find_alone)(const OctetPattern& pattern, const std::uint8_t* from,
                            std::size_t size) noexcept;
  std::size_t (*count)(const OctetSet& set, const std::uint8_t* from, std::size_t size) noexcept;
  // Which of at most kMembersBlock octets are in the set, the first in the lowest bit.
  std::uint64_t (*members)(const OctetSet& set, const std::uint8_t* from,
                           std::size_t size) noexcept;
};

// What this processor can run, best first; the last works everywhere. Chosen once, at start.
std::span<const SearchKernel* const> search_kernels() noexcept;

// For the functions below alone: the first of them, and the last until it is known.
extern const SearchKernel* best_search_kernel;

// Offset of the first place that fits, or in.size().
inline std::size_t find(const OctetPattern& pattern, ByteView in) noexcept {
  const SearchKernel& best = *best_search_kernel;
  return (pattern.has_pairs ? best.find : best.find_alone)(pattern, in.data(), in.size());
}

inline std::size_t count(const OctetSet& set, ByteView in) noexcept {
  return best_search_kernel->count(set, in.data(), in.size());
}

// Calls visit(offset) for each octet of the set, in their order.
template <typename Visit>
void for_each_member(const OctetSet& set, ByteView in, Visit&& visit) {
  for (std::size_t at = 0; at < in.size(); at += kMembersBlock) {
    const std::size_t size = in.size() - at < kMembersBlock ? in.size() - at : kMembersBlock;
    std::uint64_t members = best_search_kernel->members(set, in.data() + at, size);
    for (; members != 0; members &= members - 1)
      visit(at + static_cast<std::size_t>(std::countr_zero(members)));
  }
}

}  // namespace sluice::scan::mime
