// Words and blanks of a line.
#pragma once

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>

#include "engine/base/bytes.h"
#include "scanners/spamassassin/text_search.h"

namespace sluice::scan::sa {

inline constexpr std::string_view kBlanks = " \t\r\n\f\v";

constexpr bool is_blank(char c) noexcept { return c == ' ' || (c >= '\t' && c <= '\r'); }

// How many octets are as `is` wants them; in runs that a vector's small counters hold.
template <typename Is>
std::size_t count_octets(std::string_view text, Is&& is) noexcept {
  constexpr std::size_t kRun = 255;
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); at += kRun) {
    std::uint8_t in_run = 0;
    for (const char c : text.substr(at, kRun)) in_run += is(static_cast<std::uint8_t>(c)) ? 1 : 0;
    count += in_run;
  }
  return count;
}

constexpr std::string_view without_blanks_in_front(std::string_view text) noexcept {
  std::size_t at = 0;
  while (at < text.size() && is_blank(text[at])) ++at;
  return text.substr(at);
}

constexpr std::string_view trim(std::string_view text) noexcept {
  text = without_blanks_in_front(text);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// Takes the next word off; empty at the end.
inline std::string_view next_word(std::string_view& text) noexcept {
  text = without_blanks_in_front(text);
  std::size_t size = 0;
  while (size < text.size() && !is_blank(text[size])) ++size;
  const std::string_view word = text.substr(0, size);
  text.remove_prefix(size);
  return word;
}

inline std::string lower_case(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return ascii_lower(c); });
  return out;
}

inline std::size_t find_ignoring_case(std::string_view text, std::string_view part) noexcept {
  return find_text<Case::any>(text, part);
}

inline bool contains_ignoring_case(std::string_view text, std::string_view part) noexcept {
  return has_text<Case::any>(text, part);
}

inline bool ends_ignoring_case(std::string_view text, std::string_view end) noexcept {
  return text.size() >= end.size() &&
         equals_ignoring_case(text.substr(text.size() - end.size()), end);
}

inline double decimal_of(std::string_view text, double otherwise = 0) noexcept {
  std::from_chars(text.data(), text.data() + text.size(), otherwise);
  return otherwise;
}

}  // namespace sluice::scan::sa
