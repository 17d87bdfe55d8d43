#include "scanners/own_rules.h"

#include "scanners/own_rules_text.h"

namespace sluice::scan {

std::string_view own_rules() noexcept { return kOwnRules; }

}  // namespace sluice::scan
