// Counts the matches of expressions that are one or two octets long ("e|\xc3[\xa8\xa9]"): texts are
// full of them, and each would be a call of PCRE2. Immutable, shared by all cores.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "engine/base/bytes.h"
#include "scanners/spamassassin/pattern/regex_tree.h"

namespace sluice::scan::sa {

class OctetCounter {
 public:
  // Nothing for other expressions, and where one match may begin like another that is longer.
  // Assertions are not in the tree: `tree` has to stand for all of the expression.
  static std::optional<OctetCounter> of(const RegexNode& tree);

  // Matches one behind the other, at most `most` (0: all).
  std::uint32_t count(ByteView text, std::uint32_t most) const noexcept;

 private:
  bool add(const RegexNode& row);

  std::array<std::uint8_t, 256> of_{};  // 0: begins none; 1: is one; else the place of its seconds
  std::vector<OctetSet> seconds_;       // from the place 2 on
};

}  // namespace sluice::scan::sa
