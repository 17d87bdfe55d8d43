// The settings of SpamAssassin's language that are no rules. They are kept, and what needs one asks
// for it; a name that is none of them is a spelling mistake.
#pragma once

#include <string_view>

namespace sluice::scan::sa {

bool is_setting(std::string_view name);                   // in lower case, "_" for "-"
std::string_view nearest_setting(std::string_view name);  // or empty

}  // namespace sluice::scan::sa
