// Checks of the addresses, routers and routes of a port against each other.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine/config/config.h"

namespace sluice::config {

inline constexpr std::size_t kPortAddressesMax = 24;  // the stack adds automatic ones

// What is wrong, as key and text.
using PortFaults = std::vector<std::pair<std::string, std::string>>;
PortFaults port_faults(const Port& port);

}  // namespace sluice::config
