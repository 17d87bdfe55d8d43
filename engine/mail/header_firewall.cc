#include "engine/mail/header_firewall.h"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace sluice::mail {
namespace {

constexpr std::string_view kPrefix = "x-sluice-";

bool is_reserved(std::string_view name) noexcept {
  return equals_ignoring_case(name.substr(0, kPrefix.size()), kPrefix);
}

}  // namespace

// `rest` begins with a line of the header.
HeaderFirewall::Line HeaderFirewall::judge(ByteView rest, bool last) noexcept {
  const std::string_view text = as_text(rest.first(std::min(rest.size(), kPendingMax)));
  const std::size_t end = text.find_first_of(":\n");
  if (end == std::string_view::npos)
    return text.size() == kPendingMax || last ? Line::theirs : Line::unknown;
  return text[end] == ':' && is_reserved(text.substr(0, end)) ? Line::ours : Line::theirs;
}

HeaderFirewall::Filtered HeaderFirewall::filter(MutableBytes octets, bool last) noexcept {
  std::size_t from = 0, to = 0;
  while (from < octets.size() && !passed_) {
    const ByteView rest = octets.subspan(from);
    if (at_line_start_) {
      const bool folded = rest[0] == ' ' || rest[0] == '\t';
      if (rest[0] == '\r' || rest[0] == '\n') {
        passed_ = true;
        break;
      }
      const Line line = folded ? Line::unknown : judge(rest, last);
      if (!folded && line == Line::unknown) {
        std::memmove(octets.data() + to, rest.data(), rest.size());
        return {to, rest.size()};
      }
      if (!folded) removing_ = line == Line::ours;
      if (!folded && removing_) ++removed_;
    }
    const std::size_t newline = find_byte(rest, '\n');
    const std::size_t size = std::min(newline + 1, rest.size());
    at_line_start_ = newline < rest.size();
    if (!removing_) {
      if (to != from) std::memmove(octets.data() + to, rest.data(), size);
      to += size;
    }
    from += size;
  }
  const std::size_t left = octets.size() - from;
  if (left > 0 && to != from) std::memmove(octets.data() + to, octets.data() + from, left);
  return {to + left, 0};
}

}  // namespace sluice::mail
