// The keys of the classifier and of SpamAssassin's protocol: [bayes], [spamd].
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine/config/bind.h"
#include "engine/config/config.h"

namespace sluice::config {

std::vector<Key<Bayes>> bayes_keys();
std::vector<Key<Spamd>> spamd_keys();

// Where learning unasked contradicts what becomes of mail, as key and text.
std::vector<std::pair<std::string, std::string>> learning_faults(const Bayes& bayes,
                                                                 const Scan& scan);

}  // namespace sluice::config
