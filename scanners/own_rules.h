// Our rules for what the stock set lacks, rules/*.cf, as a text for the rule reader.
#pragma once

#include <string_view>

namespace sluice::scan {

std::string_view own_rules() noexcept;

}  // namespace sluice::scan
