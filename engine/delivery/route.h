// Which route a recipient takes: the first in the configuration whose domain matches.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/config/config.h"

namespace sluice::delivery {

// A route's domain: "example.com", ".example.com" (its subdomains) or "*". Index into `routes`.
std::optional<std::size_t> find_route(const std::vector<config::Route>& routes,
                                      std::string_view domain) noexcept;

// The mailbox that gets a recipient's mail: a bare "postmaster" is the one of the configuration,
// when that names a domain.
std::string_view mailbox_of(std::string_view address, std::string_view postmaster) noexcept;

// The domain that an address is routed by; a bare "postmaster" belongs to this host.
std::string_view routing_domain(std::string_view address, std::string_view hostname) noexcept;

}  // namespace sluice::delivery
