// What every match of an expression holds: a few alternatives, each a short row of octet classes.
// Cheap to look for, so that the expression itself is tried seldom.
#pragma once

#include <optional>
#include <vector>

#include "scanners/spamassassin/pattern/regex_tree.h"
#include "scanners/spamassassin/pattern/symbols.h"
#include "scanners/spamassassin/rule.h"

namespace sluice::scan::sa {

struct FactorItem {
  enum class Times : std::uint8_t { once, some, any };  // 1, 1 or more, 0 or more
  OctetSet octets;
  Times times = Times::once;
  std::uint16_t symbols = 0;  // fewer than symbols_of(octets): of Factor::symbols, the first is 1
  bool operator==(const FactorItem&) const = default;
};
using FactorRow = std::vector<FactorItem>;  // the first and the last item are not `any`

// Stands for the end of the text, which "$" asks for; an octet that texts hardly hold.
inline constexpr std::uint8_t kTextEnd = 0;

struct Factor {
  std::vector<FactorRow> rows;
  std::vector<SymbolSet> symbols;
  // Between where a match begins and where its factor ends are at most so many octets, all of
  // these.
  std::size_t reach = kUnboundedWidth;
  OctetSet lead;
  // How rare it is in ordinary mail: log2 of the octets between two places that hold it.
  double bits = 0;
  std::uint32_t times = 1;  // a match holds it as often, one behind the other
};

// Octets of its shortest row. The factor's next copy in a match ends so far behind it, or farther.
std::uint32_t least_width(const Factor& factor) noexcept;

struct FactorAim {
  Kind kind = Kind::body;  // of the texts
  bool literal = false;    // of classes of few octets only
  double bits = 16;        // rows end where they are as rare
};

// The rarest that is found; nothing when every text could match.
std::optional<Factor> find_factor(const RegexNode& node, const FactorAim& aim);

}  // namespace sluice::scan::sa
