// Words and phrases that decide by themselves: a message with one that is blocked gets SCL 9, one
// with an allowed one SCL 0, whatever rules say; where both are, it is allowed. They are looked for
// as body rules are: in Subject and text as a person sees them, whatever the encoding and case, and
// whatever white space stands between words.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "engine/config/problem.h"

namespace sluice::scan {

enum class Phrase : std::uint8_t { none, allow, block };

inline constexpr std::size_t kPhrasesMax = 10'000;  // of a file
inline constexpr std::size_t kPhraseBytesMax = 500;
inline constexpr std::size_t kPhraseFileMax = 4U << 20;  // octets

// A rule file of the phrases of `path`: UTF-8, a phrase a line, lines with "#" in front are
// comments. `key` names the setting in problems, which leave nothing half read.
std::expected<std::string, config::Problem> phrase_rules(const std::string& path, Phrase kind,
                                                         std::string_view key);
// What a hit of the rule means.
Phrase phrase_kind(std::string_view rule_name) noexcept;

}  // namespace sluice::scan
