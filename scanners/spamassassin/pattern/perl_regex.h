// A regular expression as rules write it: /…/, m{…}, m'…' with Perl's modifiers behind it.
// Octets, not characters: what is beyond ASCII stands for itself.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace sluice::scan::sa {

struct PerlRegex {
  std::string pattern;  // without delimiters; modifiers other than i, s and m stand in it as "(?x)"
  bool caseless = false;   // i
  bool dotall = false;     // s: "." takes line ends too
  bool multiline = false;  // m: "^" and "$" are at each line

  bool operator==(const PerlRegex&) const = default;
};

inline constexpr std::size_t kPatternBytesMax = 256 * 1024;

// Whether it asks for the beginning or the end of the text; in doubt it does.
bool is_anchored(const PerlRegex& regex);

// What matches in the same texts, though not to the same place: where "." takes line ends too, ".*"
// takes as little as it can. It would go to the text's end and come back octet by octet. Only of
// expressions in which a choice once made is never final: no look-around, no possessive repeat.
std::string with_lazy_dots(const PerlRegex& regex);

// The error says what is wrong in words.
std::expected<PerlRegex, std::string> parse_perl_regex(std::string_view text);

}  // namespace sluice::scan::sa
