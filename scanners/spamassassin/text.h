// Words and blanks of a line.
#pragma once

#include <algorithm>
#include <string_view>

namespace sluice::scan::sa {

inline constexpr std::string_view kBlanks = " \t\r\n\f\v";

inline std::string_view trim(std::string_view text) noexcept {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

// Takes the next word off; empty at the end.
inline std::string_view next_word(std::string_view& text) noexcept {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  const std::string_view word = text.substr(0, text.find_first_of(kBlanks));
  text.remove_prefix(word.size());
  return word;
}

}  // namespace sluice::scan::sa
