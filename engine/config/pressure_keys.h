// The keys of [back_pressure], and that the edges of each resource rise.
#pragma once

#include <vector>

#include "engine/config/bind.h"
#include "engine/config/check.h"
#include "engine/config/config.h"

namespace sluice::config {

std::vector<Key<BackPressure>> pressure_keys();
// One sentence for each pair of edges in the wrong order: the key it is about, and the sentence.
std::vector<std::pair<std::string, std::string>> pressure_faults(const BackPressure& pressure);

}  // namespace sluice::config
