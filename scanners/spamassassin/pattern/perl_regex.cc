#include "scanners/spamassassin/pattern/perl_regex.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace sluice::scan::sa {
namespace {

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

char closing(char opening) {
  switch (opening) {
    case '{': return '}';
    case '(': return ')';
    case '<': return '>';
    case '[': return ']';
    default: return opening;
  }
}

// Takes "/" or "m{" off the text; the closing delimiter, or 0.
char take_opening(std::string_view& text) {
  if (text.starts_with('/')) {
    text.remove_prefix(1);
    return '/';
  }
  const std::size_t letters = text.starts_with("qr") ? 2 : text.starts_with('m') ? 1 : 0;
  if (letters == 0 || text.size() <= letters) return 0;
  const char opening = text[letters];
  if (is_word(opening) || opening == '\\' || opening == ' ') return 0;
  text.remove_prefix(letters + 1);
  return closing(opening);
}

// An unescaped delimiter inside ends the expression for Perl; pairs of braces may nest.
bool holds_delimiter(std::string_view pattern, char delimiter) {
  if (delimiter == '}' || delimiter == ')' || delimiter == ']') return false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\')
      ++i;
    else if (pattern[i] == delimiter)
      return true;
  }
  return false;
}

std::expected<void, std::string> take_modifiers(std::string_view letters, PerlRegex& regex) {
  std::string inline_letters;
  for (const char letter : letters) {
    switch (letter) {
      case 'i': regex.caseless = true; break;
      case 's': regex.dotall = true; break;
      case 'm': regex.multiline = true; break;
      case 'x': inline_letters = "x"; break;
      case 'o':
      case 'p':
      case 'g':
      case 'c':
      case 'a':
      case 'n': break;  // no meaning in a rule
      default: return std::unexpected(fmt::format("unknown modifier {:?}", letter));
    }
  }
  if (!inline_letters.empty()) regex.pattern.insert(0, "(?" + inline_letters + ")");
  return {};
}

// Or classes whose end is not simply the next "]".
bool has_final_choice(std::string_view pattern) {
  constexpr std::array kMarks{"++", "*+", "?+", "}+", "(*", "\\Q", "[:", "[]", "[^]"};
  if (std::ranges::any_of(kMarks,
                          [&](const char* mark) { return pattern.find(mark) != pattern.npos; }))
    return true;
  for (std::size_t at = pattern.find("(?"); at != pattern.npos; at = pattern.find("(?", at + 2))
    if (!pattern.substr(at + 2).starts_with(':')) return true;
  return false;
}

}  // namespace

std::expected<PerlRegex, std::string> parse_perl_regex(std::string_view text) {
  if (text.size() > kPatternBytesMax)
    return std::unexpected(fmt::format("longer than {} octets", kPatternBytesMax));
  const char delimiter = take_opening(text);
  if (delimiter == 0)
    return std::unexpected("an expression stands between delimiters: /…/, m{…} or m'…'");
  const std::size_t end = text.rfind(delimiter);
  if (end == std::string_view::npos)
    return std::unexpected(fmt::format("the closing {:?} is missing", delimiter));
  PerlRegex regex;
  regex.pattern = text.substr(0, end);
  if (holds_delimiter(regex.pattern, delimiter))
    return std::unexpected(
        fmt::format("{:?} inside the expression must be written \\{}", delimiter, delimiter));
  // "{" and "(" as delimiters leave nothing escaped behind; others were escaped for their sake
  // only.
  if (const auto done = take_modifiers(text.substr(end + 1), regex); !done)
    return std::unexpected(done.error());
  return regex;
}

bool is_anchored(const PerlRegex& regex) {
  bool in_class = false;
  for (std::size_t i = 0; i < regex.pattern.size(); ++i) {
    const char c = regex.pattern[i];
    if (c == '\\') {
      const std::string_view next = std::string_view(regex.pattern).substr(++i, 1);
      if (next == "A" || next == "z" || next == "Z" || next == "G") return true;
    } else if (in_class || c == '[') {
      in_class = c != ']';
      if (c == '[' && regex.pattern.substr(i + 1, 1) == "^") ++i;
    } else if ((c == '^' || c == '$') && !regex.multiline) {
      return true;
    }
  }
  return false;
}

std::string with_lazy_dots(const PerlRegex& regex) {
  const std::string_view text = regex.pattern;
  if (!regex.dotall || has_final_choice(text)) return regex.pattern;
  std::string lazy;
  bool in_class = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    lazy += text[i];
    if (text[i] == '\\' && i + 1 < text.size()) {
      lazy += text[++i];
      continue;
    }
    in_class = in_class ? text[i] != ']' : text[i] == '[';
    const std::string_view behind = text.substr(i + 1, 2);
    const bool repeats = behind.starts_with('*') || behind.starts_with('+');
    if (in_class || text[i] != '.' || !repeats || behind.ends_with('?')) continue;
    lazy += behind.substr(0, 1);
    lazy += '?';
    ++i;
  }
  return lazy;
}

}  // namespace sluice::scan::sa
