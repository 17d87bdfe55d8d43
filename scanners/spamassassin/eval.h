// The functions that "eval:" rules call, by name. Each sees what was gathered of a message and
// answers how often its rule hits, 0 for not at all. Their meaning is that of the functions of the
// same names in Mail::SpamAssassin::Plugin::HeaderEval, RelayEval, FreeMail and others.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scanners/spamassassin/header_store.h"
#include "scanners/spamassassin/relays.h"
#include "scanners/spamassassin/rule_book.h"

namespace sluice::scan::sa {

// What functions may look at, complete when they are called.
struct MessageEvidence {
  const HeaderStore& headers;
  const Relays& relays;
  const RuleBook& book;

  std::string values(std::string_view field) const;  // all, each with a line end
  std::string raw_values(std::string_view field) const;
  std::vector<std::string> addresses(std::string_view field) const;
  std::string first_address(std::string_view field) const;  // or empty
  std::string envelope_from() const;                        // or empty
};

using Arguments = std::span<const std::string>;
using EvalFunction = int (*)(const MessageEvidence& message, Arguments arguments);

struct NamedEval {
  std::string_view name;
  EvalFunction function;
};
std::span<const NamedEval> header_evals() noexcept;
std::span<const NamedEval> address_evals() noexcept;
std::span<const NamedEval> relay_evals() noexcept;
std::span<const NamedEval> date_evals() noexcept;

EvalFunction find_eval(std::string_view name) noexcept;  // or nullptr

}  // namespace sluice::scan::sa
