// What every match of an expression holds, in order: steps, each one of a few rows of octet classes
// that stand side by side. Made to be looked for in header fields, where Hyperscan's own literals
// ("rdns=", "\nFrom:") are in every message.
#pragma once

#include <string_view>
#include <vector>

#include "scanners/spamassassin/pattern/regex_tree.h"

namespace sluice::scan::sa {

inline constexpr std::size_t kRowOctetsMax = 16;
inline constexpr std::size_t kNearOctets = 64;  // matches that begin so near before are looked for
inline constexpr std::size_t kLongText = 512;   // octets of a typical one
using LiteralRow = std::vector<OctetSet>;       // at most kRowOctetsMax

struct LiteralStep {
  std::vector<LiteralRow> rows;
  // Octets of a match before the row, at least and at most.
  std::size_t before_least = 0;
  std::size_t before_most = 0;
  double bits = 0;     // log2 of the octets between two places that hold one of the rows
  bool usual = false;  // a typical text holds one

  bool fixed() const noexcept { return before_least == before_most; }
  std::size_t least_width() const noexcept;
};

// One step that is rare, or several usual ones when the first says where a match begins and looking
// there alone is worth it: in texts of `usual_least` octets and more. None: the expression has
// nothing of that kind.
std::vector<LiteralStep> find_steps(const RegexNode& tree, std::string_view typical,
                                    std::size_t usual_least = kLongText);

}  // namespace sluice::scan::sa
