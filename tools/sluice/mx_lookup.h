// The hosts that other mail servers find for a domain.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "engine/base/ip_address.h"

namespace sluice::tools {

// MX hosts, the most preferred first (RFC 5321 5.1); the domain itself when it has none. Asks
// `resolver`, or the system's when it is null.
std::expected<std::vector<std::string>, std::string> mx_hosts(const std::string& domain,
                                                              const Endpoint* resolver);

}  // namespace sluice::tools
