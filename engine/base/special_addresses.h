// Addresses that are not for everybody: those of the IANA special-purpose registries (RFC 6890).
#pragma once

#include "engine/base/ip_address.h"

namespace sluice {

// Is it a unicast address that the whole Internet reaches? Not loopback, private, link-local,
// shared, documentation, multicast, or one that a translator makes of such an IPv4 address.
bool is_global(const IpAddress& address) noexcept;

}  // namespace sluice
