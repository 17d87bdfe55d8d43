// One directive that defines or describes a rule, from its text to the Rule.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "scanners/spamassassin/rule.h"

namespace sluice::scan::sa {

bool is_rule_name(std::string_view name) noexcept;

// `text` is what stands behind "header NAME", "body NAME", …: fills the rule, or says what is
// wrong.
std::expected<void, std::string> read_rule(Kind kind, std::string_view text, Rule& rule);
// "function('a', \"b\", 3)".
std::expected<EvalCall, std::string> read_eval_call(std::string_view text, Kind place);
// Words of a `tflags` line.
void read_flags(std::string_view words, RuleFlags& flags);

}  // namespace sluice::scan::sa
