// Steering by rte_flow, for a device that has no RSS of its own configuration but takes rules whose
// action is RSS.
#pragma once

#include <cstdint>

namespace sluice::net {

// Spreads TCP of the started device over its first `queues` receive queues by our symmetric hash.
// False: the device takes no such rule, nothing was changed.
bool spread_by_rules(std::uint16_t device, std::uint16_t queues);
void remove_rules(std::uint16_t device);

}  // namespace sluice::net
