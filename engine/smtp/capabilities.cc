#include "engine/smtp/capabilities.h"

#include <algorithm>

#include "engine/base/bytes.h"
#include "engine/smtp/parameters.h"

namespace sluice::smtp {

namespace {

constexpr std::uint64_t kLimitMax = 999'999;  // RFC 9422 4: six digits

// RFC 9422 3: limits that we do not know, or cannot read, are passed over.
void take_limits(std::string_view words, Limits& limits) noexcept {
  while (!words.empty()) {
    const std::size_t space = std::min(words.find(' '), words.size());
    const std::string_view word = words.substr(0, space);
    words.remove_prefix(std::min(space + 1, words.size()));
    const std::size_t equals = std::min(word.find('='), word.size());
    const std::string_view name = word.substr(0, equals);
    const auto value = parse_octet_count(word.substr(std::min(equals + 1, word.size())));
    if (!value || *value == 0 || *value > kLimitMax) continue;
    const auto number = static_cast<std::uint32_t>(*value);
    if (equals_ignoring_case(name, "MAILMAX")) limits.mail_max = number;
    if (equals_ignoring_case(name, "RCPTMAX")) limits.rcpt_max = number;
    if (equals_ignoring_case(name, "RCPTDOMAINMAX")) limits.rcpt_domain_max = number;
  }
}

void take_mechanisms(std::string_view words, Capabilities& capabilities) noexcept {
  while (!words.empty()) {
    const std::size_t space = std::min(words.find(' '), words.size());
    const std::string_view word = words.substr(0, space);
    words.remove_prefix(std::min(space + 1, words.size()));
    if (equals_ignoring_case(word, "PLAIN")) capabilities.auth_plain = true;
    if (equals_ignoring_case(word, "LOGIN")) capabilities.auth_login = true;
  }
}

void take_line(std::string_view line, Capabilities& capabilities) noexcept {
  const std::size_t space = std::min(line.find(' '), line.size());
  const std::string_view keyword = line.substr(0, space);
  const auto is = [&](std::string_view name) { return equals_ignoring_case(keyword, name); };
  if (is("PIPELINING")) capabilities.pipelining = true;
  if (is("8BITMIME")) capabilities.eight_bit_mime = true;
  if (is("SMTPUTF8")) capabilities.smtputf8 = true;
  if (is("DSN")) capabilities.dsn = true;
  if (is("CHUNKING")) capabilities.chunking = true;
  if (is("STARTTLS")) capabilities.starttls = true;
  if (is("REQUIRETLS")) capabilities.requiretls = true;
  const std::string_view words = line.substr(std::min(space + 1, line.size()));
  if (is("LIMITS")) take_limits(words, capabilities.limits);
  if (is("AUTH")) take_mechanisms(words, capabilities);
  if (!is("SIZE")) return;
  capabilities.size = true;
  capabilities.size_max = parse_octet_count(words).value_or(0);
}

}  // namespace

Capabilities parse_capabilities(std::string_view text) noexcept {
  Capabilities capabilities;
  std::size_t newline = text.find('\n');
  while (newline != std::string_view::npos) {
    text.remove_prefix(newline + 1);
    newline = text.find('\n');
    take_line(text.substr(0, newline), capabilities);
  }
  return capabilities;
}

}  // namespace sluice::smtp
