// Which listener a connection belongs to.
#pragma once

#include <string_view>

#include "engine/base/ip_address.h"
#include "engine/config/config.h"

namespace sluice::policy {

// By the interface the connection came in at ("" = kernel sockets) and its local endpoint. A
// listener that is bound to exactly this address wins over one bound to all; nullptr when none
// fits.
const config::Listener* find_listener(const config::Config& config, std::string_view port_name,
                                      const Endpoint& local) noexcept;

}  // namespace sluice::policy
