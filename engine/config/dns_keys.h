// The keys that have to do with DNS: [dns], and a route's next hops, which DNS may name.
#pragma once

#include <vector>

#include "engine/config/bind.h"
#include "engine/config/config.h"

namespace sluice::config {

std::vector<Key<Dns>> dns_keys();
Value<Route> next_hop_value();

}  // namespace sluice::config
