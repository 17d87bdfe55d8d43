#include "engine/delivery/dsn_text.h"

#include <algorithm>

#include "engine/policy/mail_date.h"

namespace sluice::delivery {
namespace {

constexpr std::size_t kDiagnosticMax = 800;  // octets of a reply that are repeated
constexpr std::size_t kLineMax = 76;         // where a field is folded

}  // namespace

std::string mail_date_text(WallTime when) {
  char text[policy::kMailDateBytes];
  policy::write_mail_date(when, text);
  return {text, sizeof text};
}

std::string printable(std::string_view text) {
  std::string clean(text.substr(0, kDiagnosticMax));
  for (char& c : clean)
    if (c < ' ' || c > '~') c = c == '\t' || c == '\n' || c == '\r' ? ' ' : '?';
  return clean;
}

void put_field(std::string& out, std::string_view name, std::string_view value) {
  std::size_t column = name.size() + 2;
  out.append(name).append(": ");
  while (!value.empty()) {
    const std::size_t space = std::min(value.find(' ', 1), value.size());
    if (column + space > kLineMax && column > name.size() + 2) {
      out.append("\r\n");
      column = 0;
    }
    out.append(value.substr(0, space));
    column += space;
    value.remove_prefix(space);
  }
  out.append("\r\n");
}

}  // namespace sluice::delivery
