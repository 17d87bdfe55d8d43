// From the configuration and the files that it names to what deliveries show to peers.
#pragma once

#include <expected>
#include <string>

#include "engine/config/config.h"
#include "engine/delivery/delivery.h"

namespace sluice::control {

// The error names the destination or route, the file and the fault.
std::expected<delivery::ClientContexts, std::string> client_tls(const config::Config& config);

}  // namespace sluice::control
