// What several functions ask about the way of a message.
#pragma once

#include <string>

#include "scanners/spamassassin/eval.h"

namespace sluice::scan::sa {

// All that may be the message's id, each with a line end.
std::string message_ids(const MessageEvidence& message);
// No Received at all, or a list manager that takes them out: what they would say is unknown.
bool lost_received(const MessageEvidence& message, pcre::Tools& tools);

}  // namespace sluice::scan::sa
