// May this recipient be accepted here? The right to relay is never implied: a domain is accepted
// because the configuration lists it, or the peer may relay because its address is listed.
#pragma once

#include <optional>
#include <string_view>

#include "engine/base/ip_address.h"
#include "engine/config/config.h"
#include "engine/smtp/reply.h"

namespace sluice::policy {

// `address` is a forward path without angle brackets. A reply means refusal.
std::optional<smtp::Reply> check_recipient(const config::Config& config,
                                           const config::Listener& listener, const IpAddress& peer,
                                           std::string_view address) noexcept;

// Is it a domain that mail is taken for from anywhere?
bool is_accepted(const config::Config& config, std::string_view domain) noexcept;

// Hosts of one's own: those that may send to any domain.
bool may_relay(const config::Listener& listener, const IpAddress& peer) noexcept;

// "example.com" matches itself, ".example.com" its subdomains; case does not matter.
bool domain_matches(std::string_view pattern, std::string_view domain) noexcept;

// What follows the last "@"; empty when there is none.
std::string_view domain_of(std::string_view address) noexcept;

}  // namespace sluice::policy
