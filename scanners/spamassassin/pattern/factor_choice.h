// Which factor of an expression is looked for: the one that costs least in ordinary mail.
#pragma once

#include "scanners/spamassassin/pattern/factor.h"
#include "scanners/spamassassin/rule.h"

namespace sluice::scan::sa {

// Of an expression over texts of that kind; nothing when every text could match.
std::optional<Factor> choose_factor(const RegexNode& node, Kind kind);

}  // namespace sluice::scan::sa
