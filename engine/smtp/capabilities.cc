#include "engine/smtp/capabilities.h"

#include <algorithm>

#include "engine/base/bytes.h"
#include "engine/smtp/parameters.h"

namespace sluice::smtp {

namespace {

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
  if (!is("SIZE")) return;
  capabilities.size = true;
  capabilities.size_max =
      parse_octet_count(line.substr(std::min(space + 1, line.size()))).value_or(0);
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
