// The commands that can be called by their own names.
#pragma once

#include <string_view>

namespace sluice::tools {

inline constexpr std::string_view kLinkNames[] = {
    "mta-control", "monitor", "tophosts", "hoststatus", "showrecipients", "deleterecipients"};

}  // namespace sluice::tools
