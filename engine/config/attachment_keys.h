// The keys that have to do with attachments and viruses: [[attachment_rule]], [examination],
// [antivirus].
#pragma once

#include <vector>

#include "engine/config/bind.h"
#include "engine/config/config.h"

namespace sluice::config {

std::vector<Key<AttachmentRule>> attachment_rule_keys();
std::vector<Key<Examination>> examination_keys();
std::vector<Key<Antivirus>> antivirus_keys();

}  // namespace sluice::config
