// A looser form of an expression, which an automaton runs through quickly: it matches at least
// where the expression does. Asked before PCRE2, which needs much longer to say no.
#pragma once

#include <optional>
#include <string>

#include "scanners/spamassassin/pattern/regex_tree.h"

namespace sluice::scan::sa {

inline constexpr std::size_t kLoosePositionsMax = 6000;

struct LooseRegex {
  std::string text;
  // A match of the expression has as many of it, with their ends so far from each other.
  std::uint32_t times = 1;
  std::size_t apart = 1;
  std::size_t positions = 0;  // of its automaton
};

// Nothing when the automaton would have too many positions.
std::optional<LooseRegex> loose_regex(const RegexNode& tree);

// Of what is repeated, the seams of two copies are looked for: what the whole of an expression
// repeats, or nullptr, and the loose form of as many copies.
const RegexNode* repeated_copy(const RegexNode& tree) noexcept;
std::optional<LooseRegex> loose_seams(const RegexNode& copy, std::uint32_t copies);

// What matches begin with, as it is, in as many positions: for letters of all scripts, which are
// alike in a loose form.
std::optional<LooseRegex> front_regex(const RegexNode& tree, std::size_t positions_max);

}  // namespace sluice::scan::sa
