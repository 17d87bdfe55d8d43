// The keys of [delivery] and of the tables that belong to it.
#pragma once

#include <vector>

#include "engine/config/bind.h"
#include "engine/config/config.h"

namespace sluice::config {

std::vector<Key<Delivery>> delivery_keys();
std::vector<Key<BounceVerification>> bounce_verification_keys();
std::vector<Key<ReplyRule>> reply_rule_keys();

}  // namespace sluice::config
