// [[port.route]]: the static routes of a port.
#pragma once

#include "engine/config/bind.h"
#include "engine/config/config.h"

namespace sluice::config {

Value<Port> port_routes_value();

}  // namespace sluice::config
