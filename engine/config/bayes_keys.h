// The keys of the classifier and of SpamAssassin's protocol: [bayes], [spamd].
#pragma once

#include <vector>

#include "engine/config/bind.h"
#include "engine/config/config.h"

namespace sluice::config {

std::vector<Key<Bayes>> bayes_keys();
std::vector<Key<Spamd>> spamd_keys();

}  // namespace sluice::config
