// A queued message as the commands show it, from a running engine and from the files alike.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "queueing/shard.h"

namespace sluice::control {

// One line of a list; and all, with the recipients.
nlohmann::json message_row(const queueing::QueuedMessage& message, WallTime now);
nlohmann::json message_detail(const queueing::QueuedMessage& message, WallTime now);

}  // namespace sluice::control
