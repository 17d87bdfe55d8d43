#include "engine/web/tlsrpt_record.h"

#include <algorithm>

#include "engine/base/ascii_text.h"
#include "engine/base/bytes.h"
#include "engine/dns/name.h"

namespace sluice::web {
namespace {

constexpr std::string_view kVersion = "v=TLSRPTv1";
constexpr std::size_t kUriBytesMax = 512;

// Takes what stands before `delimiter` off `rest`.
std::string_view take(std::string_view& rest, char delimiter) noexcept {
  const std::size_t end = std::min(rest.find(delimiter), rest.size());
  const std::string_view part = trimmed(rest.substr(0, end));
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

bool has_scheme(std::string_view uri, std::string_view scheme) noexcept {
  return uri.size() > scheme.size() && equals_ignoring_case(uri.substr(0, scheme.size()), scheme);
}

// What may stand in a URI (RFC 3986 2); it becomes part of a request.
bool is_uri(std::string_view uri) noexcept {
  return uri.size() <= kUriBytesMax && std::ranges::all_of(uri, [](char c) {
           return c > ' ' && c < '\x7f' &&
                  std::string_view("\"<>\\^`{|}").find(c) == std::string::npos;
         });
}

bool claims_version(std::string_view text) noexcept {
  if (!text.starts_with(kVersion)) return false;
  return trimmed(text.substr(kVersion.size())).starts_with(';');
}

std::vector<std::string> uris_of(std::string_view record) {
  std::vector<std::string> uris;
  take(record, ';');  // the version
  bool seen = false;
  while (!record.empty()) {
    std::string_view field = take(record, ';');
    if (!field.starts_with("rua=")) continue;  // tlsrpt-extension
    if (seen) return {};
    seen = true;
    field.remove_prefix(4);
    while (!field.empty()) {
      const std::string_view uri = take(field, ',');
      const bool known = has_scheme(uri, "mailto:") || has_scheme(uri, "https://");
      if (known && is_uri(uri) && uris.size() < kReportUrisMax) uris.emplace_back(uri);
    }
  }
  return uris;
}

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = ascii_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return {};
    const int high = hex_value(text[i + 1]), low = hex_value(text[i + 2]);
    if (high < 0 || low < 0) return {};
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

}  // namespace

std::vector<std::string> tlsrpt_uris(const std::vector<std::string>& texts) {
  const auto found = std::ranges::find_if(texts, claims_version);
  if (found == texts.end()) return {};
  // RFC 8460 3: several records are as good as none.
  if (std::find_if(found + 1, texts.end(), claims_version) != texts.end()) return {};
  return uris_of(*found);
}

std::optional<std::string> mailto_address(std::string_view uri) {
  if (!has_scheme(uri, "mailto:")) return {};
  uri.remove_prefix(7);
  const auto address = percent_decoded(uri.substr(0, uri.find('?')));
  if (!address) return {};
  const std::size_t at = address->rfind('@');
  if (at == std::string::npos || at == 0 || at > 64) return {};
  const std::string_view local(address->data(), at);
  const bool plain = std::ranges::all_of(local, [](char c) {
    return c > ' ' && c < '\x7f' && std::string_view("\"(),:;<>@[\\]").find(c) == std::string::npos;
  });
  const auto domain = dns::normal_name(std::string_view(*address).substr(at + 1));
  const bool named = domain && domain->find_first_not_of(
                                   "abcdefghijklmnopqrstuvwxyz0123456789-.") == std::string::npos;
  if (!plain || !named || domain->empty()) return {};
  return std::string(local) + "@" + *domain;
}

std::optional<std::vector<std::string>> find_report_uris(std::string_view domain,
                                                         dns::AnswerTable& answers) {
  const dns::Answer* record = answers.find("_smtp._tls." + std::string(domain), dns::Type::txt);
  if (record == nullptr) return {};
  return record->found() ? tlsrpt_uris(record->texts) : std::vector<std::string>();
}

}  // namespace sluice::web
