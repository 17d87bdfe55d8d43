#include "scanners/mime/parameter.h"

namespace sluice::scan::mime {
namespace {

constexpr std::string_view kSpace = " \t\r\n";
constexpr std::string_view kTokenEnd = " \t\r\n/;=(\"";
constexpr std::string_view kValueEnd = " \t\r\n;";

std::string_view take(std::string_view& text, std::size_t size) noexcept {
  const auto taken = text.substr(0, size);
  text.remove_prefix(taken.size());
  return taken;
}

}  // namespace

void ParameterReader::skip_comment() noexcept {
  int depth = 0;
  std::size_t at = 0;
  for (; at < rest_.size(); ++at) {
    if (rest_[at] == '\\')
      ++at;
    else if (rest_[at] == '(')
      ++depth;
    else if (rest_[at] == ')' && --depth == 0)
      break;
  }
  take(rest_, at + 1);
}

void ParameterReader::skip_space() noexcept {
  for (;;) {
    take(rest_, rest_.find_first_not_of(kSpace));
    if (!rest_.starts_with('(')) return;
    skip_comment();
  }
}

std::string_view ParameterReader::token() noexcept {
  skip_space();
  return take(rest_, rest_.find_first_of(kTokenEnd));
}

bool ParameterReader::accept(char c) noexcept {
  skip_space();
  if (!rest_.starts_with(c)) return false;
  rest_.remove_prefix(1);
  return true;
}

void ParameterReader::read_quoted(BoundedText<256>& out) noexcept {
  rest_.remove_prefix(1);
  while (!rest_.empty() && rest_.front() != '"') {
    if (rest_.front() == '\\' && rest_.size() > 1) rest_.remove_prefix(1);
    out.append(take(rest_, 1));
  }
  take(rest_, 1);
}

std::optional<Parameter> ParameterReader::next() noexcept {
  for (;;) {
    skip_space();
    if (rest_.empty()) return {};
    if (accept(';')) continue;
    Parameter parameter;
    parameter.name = token();
    if (parameter.name.empty()) {  // a stray delimiter
      rest_.remove_prefix(1);
      continue;
    }
    if (!accept('=')) continue;
    skip_space();
    if (rest_.starts_with('"'))
      read_quoted(parameter.value);
    else
      parameter.value.append(take(rest_, rest_.find_first_of(kValueEnd)));
    return parameter;
  }
}

}  // namespace sluice::scan::mime
