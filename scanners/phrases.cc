#include "scanners/phrases.h"

#include <fmt/format.h>

#include <algorithm>
#include <cwctype>
#include <fstream>
#include <locale>

#include "engine/base/ascii_text.h"
#include "scanners/mime/utf8_sequence.h"

namespace sluice::scan {
namespace {

constexpr std::string_view kBlanks = " \t\r\f\v";
constexpr std::string_view kAllowName = "ALLOW_PHRASE_", kBlockName = "BLOCK_PHRASE_";

// Octets of the character that `text` begins with; below 1 when it is not well-formed UTF-8.
int character_size(std::string_view text) noexcept { return mime::utf8_sequence(as_bytes(text)); }

bool is_utf8(std::string_view text) noexcept {
  for (int size = 0; !text.empty(); text.remove_prefix(static_cast<std::size_t>(size)))
    if ((size = character_size(text)) < 1) return false;
  return true;
}

char32_t decode(std::string_view character) noexcept {
  if (character.size() == 1) return static_cast<std::uint8_t>(character[0]);
  char32_t code = static_cast<std::uint8_t>(character[0]) & (0x7fU >> character.size());
  for (const char c : character.substr(1))
    code = code << 6 | (static_cast<std::uint8_t>(c) & 0x3fU);
  return code;
}

std::string encode(char32_t code) {
  const auto tail = [&](unsigned shift) {
    return static_cast<char>(0x80 | (code >> shift & 0x3f));
  };
  if (code < 0x80) return {static_cast<char>(code)};
  if (code < 0x800) return {static_cast<char>(0xc0 | code >> 6), tail(0)};
  if (code < 0x10000) return {static_cast<char>(0xe0 | code >> 12), tail(6), tail(0)};
  return {static_cast<char>(0xf0 | code >> 18), tail(12), tail(6), tail(0)};
}

// Rules fold the case of ASCII alone; of other letters both forms are looked for.
std::string any_case(std::string_view character, const std::ctype<wchar_t>& letters) {
  const auto code = static_cast<wchar_t>(decode(character));
  const std::string lower = encode(static_cast<char32_t>(letters.tolower(code)));
  const std::string upper = encode(static_cast<char32_t>(letters.toupper(code)));
  return lower == upper ? std::string(character) : fmt::format("(?:{}|{})", lower, upper);
}

std::string expression_of(std::string_view phrase, const std::ctype<wchar_t>& letters) {
  std::string out;
  if (is_ascii_alnum(phrase.front())) out += "\\b";
  for (std::string_view rest = phrase; !rest.empty();) {
    if (kBlanks.contains(rest.front())) {
      rest.remove_prefix(std::min(rest.find_first_not_of(kBlanks), rest.size()));
      out += "\\s+";
      continue;
    }
    const std::string_view character =
        rest.substr(0, static_cast<std::size_t>(character_size(rest)));
    rest.remove_prefix(character.size());
    if (character.size() > 1)
      out += any_case(character, letters);
    else if (is_ascii_alnum(character.front()))
      out += character;
    else
      out += fmt::format("\\x{{{:02x}}}", static_cast<unsigned>(character.front()));
  }
  if (is_ascii_alnum(phrase.back())) out += "\\b";
  return out;
}

}  // namespace

std::expected<std::string, config::Problem> phrase_rules(const std::string& path, Phrase kind,
                                                         std::string_view key) {
  const auto problem = [&](std::size_t line, std::string text) {
    return std::unexpected(
        config::Problem{path, static_cast<int>(line), 0, std::string(key), std::move(text)});
  };
  std::ifstream file(path);
  if (!file.is_open()) return problem(0, "the phrases cannot be read");
  const std::locale locale("C.UTF-8");
  const auto& letters = std::use_facet<std::ctype<wchar_t>>(locale);
  const std::string_view name = kind == Phrase::allow ? kAllowName : kBlockName;
  std::string rules, line;
  std::size_t number = 0, phrases = 0;
  while (std::getline(file, line)) {
    ++number;
    const std::string_view phrase = trimmed(line, kBlanks);
    if (phrase.empty() || phrase.starts_with('#')) continue;
    if (phrase.size() > kPhraseBytesMax)
      return problem(number, fmt::format("the phrase has {} octets; the most is {}", phrase.size(),
                                         kPhraseBytesMax));
    if (!is_utf8(phrase)) return problem(number, "the phrase is not UTF-8");
    if (++phrases > kPhrasesMax)
      return problem(number, fmt::format("there are more than {} phrases", kPhrasesMax));
    rules += fmt::format(
        "body {0}{1} /{2}/i\ndescribe {0}{1} the phrase of line {3}\n"
        "score {0}{1} 0.001\n",
        name, phrases, expression_of(phrase, letters), number);
  }
  return rules;
}

Phrase phrase_kind(std::string_view rule_name) noexcept {
  if (rule_name.starts_with(kAllowName)) return Phrase::allow;
  return rule_name.starts_with(kBlockName) ? Phrase::block : Phrase::none;
}

}  // namespace sluice::scan
