#include "scanners/spamassassin/pattern/literal_row.h"

#include <algorithm>

#include "scanners/spamassassin/pattern/class_text.h"

namespace sluice::scan::sa {
namespace {

// Measured on the stock rules: 547 rows with so long a literal add 2 ns an octet to a database that
// takes 20; with shorter ones it is 4, and 100 with all.
constexpr std::size_t kLiteralOctets = 3;
constexpr std::size_t kLetterCases = 2;

bool has_literal(const FactorRow& row) {
  std::size_t run = 0;
  return std::ranges::any_of(row, [&](const FactorItem& item) {
    const bool letter =
        item.times == FactorItem::Times::once && item.octets.count() <= kLetterCases;
    run = letter ? run + 1 : 0;
    return run == kLiteralOctets;
  });
}

}  // namespace

std::optional<hyperscan::Expression> literal_row(const FactorRow& row) {
  // The end of a text is no octet there.
  const auto may_end = [](const FactorItem& item) { return item.octets[kTextEnd]; };
  if (!has_literal(row) || std::ranges::any_of(row, may_end)) return {};
  hyperscan::Expression expression;
  expression.every = true;
  for (const FactorItem& item : row) {
    append_class(item.octets, expression.text);
    if (item.times == FactorItem::Times::some) expression.text += '+';
    if (item.times == FactorItem::Times::any) expression.text += '*';
  }
  return expression;
}

}  // namespace sluice::scan::sa
