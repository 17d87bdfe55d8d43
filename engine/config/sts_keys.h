// The keys of MTA-STS: [mta_sts].
#pragma once

#include <vector>

#include "engine/config/bind.h"
#include "engine/config/config.h"

namespace sluice::config {

std::vector<Key<MtaSts>> mta_sts_keys();

}  // namespace sluice::config
