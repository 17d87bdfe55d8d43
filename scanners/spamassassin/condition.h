// The conditions of `if` and `ifplugin`: what this engine says it can do.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace sluice::scan::sa {

// SpamAssassin's version whose language is spoken, as conditions compare it.
inline constexpr double kLanguageVersion = 4.000001;

// "(version >= 3.004002) && !plugin(Mail::SpamAssassin::Plugin::DKIM)"; the error is in words.
std::expected<bool, std::string> evaluate_condition(std::string_view text);

}  // namespace sluice::scan::sa
