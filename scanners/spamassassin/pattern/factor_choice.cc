#include "scanners/spamassassin/pattern/factor_choice.h"

#include <array>
#include <cmath>

#include "scanners/spamassassin/pattern/factor_scan.h"
#include "scanners/spamassassin/pattern/ordinary_mail.h"

namespace sluice::scan::sa {
namespace {

// Rows end there: long ones are rare, but there are more of them.
constexpr std::array kBitsWanted{16.0, 20.0, 24.0, 32.0};
// Nanoseconds an octet, measured on the stock rules: of the expression where its factor is, and of
// looking for 512 items of factors everywhere, which several expressions share.
constexpr double kExpressionCost = 8;
constexpr double kItemsCost = 1.2;
constexpr double kItems = 512;
constexpr double kTextOctets = 300;  // of a usual text

// How much of ordinary mail is in texts that hold the factor.
double share_of(const Factor& factor, Kind kind) {
  const FactorScan scan({{0, factor}});
  FactorHits hits;
  hits.grow(1);
  double all = 0;
  double with_factor = 0;
  for (const std::string_view text : ordinary_texts(kind)) {
    all += static_cast<double>(text.size());
    scan.scan(as_bytes(text), hits);
    hits.take([&](std::uint32_t, std::uint32_t count, std::span<const std::uint32_t>) {
      if (count >= factor.times) with_factor += static_cast<double>(text.size());
    });
  }
  return with_factor / all;
}

// What the sample is too small to show is taken from the factor's own rarity.
double cost_of(const Factor& factor, Kind kind) {
  double items = 0;
  for (const FactorRow& row : factor.rows) items += static_cast<double>(row.size() + 1);
  const double share = share_of(factor, kind) + kTextOctets * std::exp2(-factor.bits);
  return std::min(share, 1.0) * kExpressionCost + items / kItems * kItemsCost;
}

}  // namespace

std::optional<Factor> choose_factor(const RegexNode& node, Kind kind) {
  std::optional<Factor> chosen;
  double least = 0;
  for (const double bits : kBitsWanted) {
    std::optional<Factor> factor = find_factor(node, {kind, false, bits});
    if (!factor) continue;
    const double cost = cost_of(*factor, kind);
    if (chosen && cost >= least) continue;
    least = cost;
    chosen = std::move(factor);
  }
  return chosen;
}

}  // namespace sluice::scan::sa
