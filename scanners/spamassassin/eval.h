// The functions that "eval:" rules call, by name. Each sees what was gathered of a message and
// answers how often its rule hits, 0 for not at all.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "scanners/spamassassin/header_store.h"
#include "scanners/spamassassin/relays.h"
#include "scanners/spamassassin/rule_book.h"

namespace sluice::scan::sa {

// What functions may look at, complete when they are called.
struct MessageEvidence {
  const HeaderStore& headers;
  const Relays& relays;
  const RuleBook& book;
};

using EvalFunction = int (*)(const MessageEvidence& message,
                             std::span<const std::string> arguments);

EvalFunction find_eval(std::string_view name) noexcept;  // or nullptr

}  // namespace sluice::scan::sa
