// A looser form of an expression, which an automaton runs through quickly: it matches at least
// where the expression does. Asked before PCRE2, which needs much longer to say no.
#pragma once

#include <optional>
#include <string>

#include "scanners/spamassassin/regex_tree.h"

namespace sluice::scan::sa {

inline constexpr std::size_t kLoosePositionsMax = 6000;

// Nothing when the automaton would have too many positions.
std::optional<std::string> loose_regex(const RegexNode& tree);

}  // namespace sluice::scan::sa
