// A queued message as the commands show it, from a running engine and from the files alike.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "queueing/shard.h"

namespace sluice::control {

nlohmann::json message_row(const queueing::QueuedMessage& message);     // one line of a list
nlohmann::json message_detail(const queueing::QueuedMessage& message);  // with its recipients

}  // namespace sluice::control
