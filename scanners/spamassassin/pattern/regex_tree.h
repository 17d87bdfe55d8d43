// What a regular expression is made of, as far as it takes to say what its matches have in common.
// Assertions are left out and back references match anything: the tree matches at least the texts
// that the expression does.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <vector>

#include "scanners/spamassassin/pattern/perl_regex.h"

namespace sluice::scan::sa {

using OctetSet = std::bitset<256>;

struct RegexNode {
  enum class Kind : std::uint8_t {
    octet,     // one of a set
    sequence,  // the children one behind the other; none: matches the empty text
    choice,    // one of the children
    repeat,    // the only child `least` to `most` times
    anything,  // any text
    end,       // nothing, at the end of the text or before its last line end
  };
  static constexpr std::uint32_t kUnbounded = UINT32_MAX;

  Kind kind = Kind::sequence;
  OctetSet octets;
  std::vector<RegexNode> children;
  std::uint32_t least = 1;
  std::uint32_t most = 1;
  bool operator==(const RegexNode&) const = default;
};

// Nothing when the expression uses what the parser does not know.
std::optional<RegexNode> parse_regex(const PerlRegex& regex);

// Positions of an automaton when bounded repeats unfold: "(ab{3}){10}" has 40.
std::size_t unfolded_size(const RegexNode& node);

// Octets of the longest match, and of the shortest.
inline constexpr std::size_t kUnboundedWidth = SIZE_MAX;
std::size_t max_width(const RegexNode& node);
std::size_t min_width(const RegexNode& node);
std::size_t add_widths(std::size_t a, std::size_t b) noexcept;

}  // namespace sluice::scan::sa
