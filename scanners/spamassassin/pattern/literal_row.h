// Rows of factors that Hyperscan looks for, beside the expressions that it knows: those that hold a
// literal cost it next to nothing, the others would be on all the time.
#pragma once

#include <optional>

#include "scanners/hyperscan/database.h"
#include "scanners/spamassassin/pattern/factor.h"

namespace sluice::scan::sa {

// Matches where the row ends; nothing for a row without a literal.
std::optional<hyperscan::Expression> literal_row(const FactorRow& row);

}  // namespace sluice::scan::sa
