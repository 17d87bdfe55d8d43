#include "tests/tcp_script/cursor.h"

#include <algorithm>
#include <cctype>

namespace sluice::script {
namespace {

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

}  // namespace

char Cursor::take_char() {
  const char c = next_char();
  if (c == '\n') ++line_;
  if (at_ < text_.size()) ++at_;
  return c;
}

void Cursor::skip_blanks() {
  while (at_ < text_.size()) {
    const std::string_view rest = text_.substr(at_);
    if (std::isspace(static_cast<unsigned char>(rest[0])) != 0) {
      take_char();
    } else if (rest.starts_with("//") || rest[0] == '#') {
      while (at_ < text_.size() && next_char() != '\n') take_char();
    } else if (rest.starts_with("/*")) {
      until("*/");
    } else {
      return;
    }
  }
}

bool Cursor::at_end() {
  skip_blanks();
  return at_ == text_.size();
}

char Cursor::peek() {
  skip_blanks();
  return next_char();
}

bool Cursor::accept(std::string_view token) {
  skip_blanks();
  if (!text_.substr(at_).starts_with(token)) return false;
  for (std::size_t i = 0; i < token.size(); ++i) take_char();
  return true;
}

void Cursor::expect(std::string_view token) {
  if (accept(token)) return;
  fail("\"" + std::string(token) + "\" is expected before \"" +
       std::string(text_.substr(at_, std::min<std::size_t>(20, text_.size() - at_))) + "\"");
}

std::string Cursor::word() {
  skip_blanks();
  std::string taken;
  while (is_word(next_char())) taken += take_char();
  return taken;
}

std::string Cursor::take_while(std::string_view characters) {
  std::string taken;
  while (next_char() != '\0' && characters.find(next_char()) != std::string_view::npos)
    taken += take_char();
  return taken;
}

std::string Cursor::until(std::string_view end) {
  const std::size_t found = text_.find(end, at_);
  if (found == std::string_view::npos) fail("\"" + std::string(end) + "\" is missing");
  const std::string taken(text_.substr(at_, found - at_));
  while (at_ < found + end.size()) take_char();
  return taken;
}

bool Cursor::digit_follows() { return std::isdigit(static_cast<unsigned char>(peek())) != 0; }

std::uint64_t Cursor::number() {
  if (!digit_follows()) fail("a number is expected");
  const std::string digits = take_while("0123456789abcdefABCDEFxX");
  std::size_t used = 0;
  const std::uint64_t value = std::stoull(digits, &used, 0);
  if (used != digits.size()) fail("\"" + digits + "\" is no number");
  return value;
}

std::int64_t Cursor::microseconds() {
  skip_blanks();
  const std::string whole = take_while("0123456789");
  std::string fraction;
  // "0...0.2" is a range, not a fraction.
  if (next_char() == '.' && !text_.substr(at_).starts_with("...")) {
    take_char();
    fraction = take_while("0123456789");
  }
  if (whole.empty() && fraction.empty()) fail("a time is expected");
  fraction.resize(6, '0');
  return (whole.empty() ? 0 : std::stoll(whole)) * 1'000'000 + std::stoll(fraction);
}

}  // namespace sluice::script
