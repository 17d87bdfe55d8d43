// From the configuration and the files that it names to the TLS of a listener.
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "engine/config/config.h"
#include "tls/context.h"

namespace sluice::control {

// Null where TLS is off. The error names the listener, the file and the fault.
std::expected<std::shared_ptr<const tls::Context>, std::string> listener_tls(
    const config::Config& config, const config::Listener& listener,
    std::shared_ptr<const tls::TicketKeys> tickets);

}  // namespace sluice::control
