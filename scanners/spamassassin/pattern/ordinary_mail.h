// What ordinary mail looks like, written for this purpose: expressions are judged by how often
// their factors are in it.
#pragma once

#include <array>
#include <span>
#include <string_view>

#include "scanners/spamassassin/rule.h"

namespace sluice::scan::sa {

struct OrdinaryField {
  std::string_view name;
  std::string_view raw;  // what is behind the colon
};
std::span<const OrdinaryField> ordinary_header() noexcept;

// As rules of that kind are shown it.
std::span<const std::string_view> ordinary_texts(Kind kind);
// Of all octets there, how many are of each value; none is 0.
const std::array<double, 256>& octet_shares(Kind kind);

}  // namespace sluice::scan::sa
