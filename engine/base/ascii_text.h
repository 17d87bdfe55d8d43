// What every reader of a text protocol asks of characters and white space, whatever the locale.
#pragma once

#include <algorithm>
#include <string_view>

namespace sluice {

constexpr bool is_ascii_alnum(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// RFC 5234: WSP.
inline constexpr std::string_view kWsp = " \t";

// `text` without the `blanks` at its begin and its end.
constexpr std::string_view trimmed(std::string_view text, std::string_view blanks = kWsp) noexcept {
  text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
  return text.substr(0, text.find_last_not_of(blanks) + 1);
}

}  // namespace sluice
