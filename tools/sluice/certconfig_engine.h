// What `sluice certconfig` asks of a running engine.
#pragma once

#include <expected>
#include <string>

#include "engine/config/config.h"

namespace sluice::tools {

// May a certificate for `host` be made? Only for a hostname that is committed: in the configuration
// file and, when an engine runs, in what that engine runs on. Returns what is missing, or "".
std::string commitment_fault(const config::Config& config, const std::string& host);

// Has the engine take over what the store holds now. `true`: it has; `false`: none is running.
std::expected<bool, std::string> reload_engine(const config::Config& config);

}  // namespace sluice::tools
