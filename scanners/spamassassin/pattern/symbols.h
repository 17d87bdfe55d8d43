// What factors are looked for in: octets, but a continuation octet of UTF-8 behind a lead of Greek
// or Cyrillic is a symbol of its own. In such a text every second octet is one of four leads, and
// all shapes of Latin letters have them: only the pair says which letter it is.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>

#include "engine/base/bytes.h"
#include "scanners/spamassassin/pattern/regex_tree.h"

namespace sluice::scan::sa {

inline constexpr std::array<std::uint8_t, 4> kLeads{0xce, 0xcf, 0xd0, 0xd1};
inline constexpr std::size_t kContinuations = 64;
inline constexpr std::size_t kSymbols = 256 + kLeads.size() * kContinuations;

using Symbol = std::uint16_t;
using SymbolSet = std::bitset<kSymbols>;

constexpr bool is_continuation(std::uint8_t octet) noexcept { return (octet & 0xc0) == 0x80; }

inline constexpr std::array<Symbol, 256> kFirstLed = [] {  // by lead; 0: it is none
  std::array<Symbol, 256> first{};
  for (std::size_t i = 0; i < kLeads.size(); ++i)
    first[kLeads[i]] = static_cast<Symbol>(256 + i * kContinuations);
  return first;
}();

constexpr Symbol symbol_of(std::uint8_t before, std::uint8_t octet) noexcept {
  const Symbol first = kFirstLed[before];
  const bool led = first != 0 && is_continuation(octet);
  return led ? static_cast<Symbol>(first + (octet & 0x3f)) : octet;
}

// Those octets, whatever leads them.
SymbolSet symbols_of(const OctetSet& octets);

// Whether any symbol of the text is not just its octet.
bool has_leads(ByteView text) noexcept;

}  // namespace sluice::scan::sa
