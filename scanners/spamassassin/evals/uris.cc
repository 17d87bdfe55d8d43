// Functions about links.
#include <algorithm>
#include <array>
#include <set>

#include "engine/base/ip_address.h"
#include "scanners/spamassassin/eval.h"
#include "scanners/spamassassin/text.h"
#include "scanners/uri/canonical.h"
#include "scanners/uri/host.h"

namespace sluice::scan::sa {
namespace {

// The host behind "http://" or "https://"; empty when `text` does not begin so.
std::string host_of(std::string_view text, bool secure_only) {
  const std::size_t colon = text.find("://");
  if (colon == text.npos) return {};
  const std::string_view scheme = text.substr(0, colon);
  if (!equals_ignoring_case(scheme, "https") &&
      (secure_only || !equals_ignoring_case(scheme, "http")))
    return {};
  text.remove_prefix(colon + 3);
  return lower_case(text.substr(0, text.find_first_of("/:?# \t\r\n")));
}

// The registered domain of a host name; empty for addresses and what is no host.
std::string domain_of(const std::string& host) {
  if (host.empty() || IpAddress::parse(host) || !uri::has_known_suffix(host)) return {};
  return std::string(uri::registered_domain(host));
}

bool is_numeric_link(std::string_view text, bool secure_only) {
  std::string host = host_of(text, secure_only);
  if (const std::size_t at = host.rfind('@'); at != std::string::npos) host.erase(0, at + 1);
  return IpAddress::parse(host) && host.find('.') != std::string::npos;
}

// Whether a text shows "https://" of another domain.
bool shows_other_domain(std::string_view text, const std::string& domain) {
  const std::size_t at = find_ignoring_case(text, "https://");
  if (at == text.npos) return false;
  const std::string shown = domain_of(host_of(text.substr(at), true));
  return !shown.empty() && shown != domain;
}

bool shows_secure_link(std::string_view text) { return contains_ignoring_case(text, "https://"); }

// check_https_http_mismatch('at least', 'below'): so many different links.
int check_https_http_mismatch(const MessageEvidence& message, const Arguments& arguments) {
  for (const HtmlFacts& html : message.gathered.html().parts()) {
    if (!html.anchor_texts.any_of(shows_secure_link)) continue;
    std::set<std::string_view> links;
    bool hit = false;
    for (std::size_t i = 0; i < html.anchor_texts.size(); ++i) {
      const std::string domain = domain_of(host_of(html.anchor_targets[i], false));
      if (domain.empty()) continue;
      links.insert(html.anchor_targets[i]);
      hit = hit || shows_other_domain(html.anchor_texts[i], domain);
    }
    const auto count = static_cast<double>(links.size());
    if (hit && count >= std::max(1.0, arguments.number(0)) &&
        (arguments.size() < 2 || count < arguments.number(1)))
      return 1;
  }
  return 0;
}

// A link to a bare address whose text shows "https:" and no address.
int check_https_ip_mismatch(const MessageEvidence& message, const Arguments&) {
  for (const HtmlFacts& html : message.gathered.html().parts())
    for (std::size_t i = 0; i < html.anchor_texts.size(); ++i) {
      const std::string_view text = html.anchor_texts[i];
      if (contains_ignoring_case(text, "https:") &&
          is_numeric_link(html.anchor_targets[i], false) && !is_numeric_link(trim(text), true))
        return 1;
    }
  return 0;
}

int check_uri_truncated(const MessageEvidence& message, const Arguments&) {
  return message.gathered.uri_truncated() ||
         std::ranges::any_of(message.gathered.html().parts(), &HtmlFacts::uri_truncated);
}

int is_listed(const MessageEvidence& message, std::string_view list) {
  const auto number = message.lists.host_list(list);
  return number && message.listed_hosts.any_in(*number) ? 1 : 0;
}

int check_uri_host_listed(const MessageEvidence& message, const Arguments& arguments) {
  return is_listed(message, arguments[0]);
}

int check_uri_host_in_blocklist(const MessageEvidence& message, const Arguments&) {
  return is_listed(message, "BLOCK");
}

int check_uri_host_in_welcomelist(const MessageEvidence& message, const Arguments&) {
  return is_listed(message, "WELCOME");
}

constexpr auto kEvals = std::to_array<NamedEval>({
    {"check_https_http_mismatch", check_https_http_mismatch},
    {"check_https_ip_mismatch", check_https_ip_mismatch},
    {"check_uri_host_in_blacklist", check_uri_host_in_blocklist},
    {"check_uri_host_in_blocklist", check_uri_host_in_blocklist},
    {"check_uri_host_in_welcomelist", check_uri_host_in_welcomelist},
    {"check_uri_host_in_whitelist", check_uri_host_in_welcomelist},
    {"check_uri_host_listed", check_uri_host_listed},
    {"check_uri_truncated", check_uri_truncated},
});

}  // namespace

std::span<const NamedEval> uri_evals() noexcept { return kEvals; }

}  // namespace sluice::scan::sa
