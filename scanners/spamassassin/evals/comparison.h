// "< 384", "!= 0": what rules say of a figure.
#pragma once

#include <string_view>

#include "scanners/spamassassin/text.h"

namespace sluice::scan::sa {

// False for what is no comparison, and for a value that is no number.
inline bool compares(double value, std::string_view comparison) noexcept {
  comparison = trim(comparison);
  const std::size_t end = std::min(comparison.find_first_not_of("<>=!"), comparison.size());
  const std::string_view op = comparison.substr(0, end);
  const double other = decimal_of(trim(comparison.substr(end)));
  if (op == "<") return value < other;
  if (op == "<=") return value <= other;
  if (op == ">") return value > other;
  if (op == ">=") return value >= other;
  if (op == "==") return value == other;
  return op == "!=" && (value < other || value > other);
}

}  // namespace sluice::scan::sa
