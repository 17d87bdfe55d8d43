#include "engine/policy/recipient_policy.h"

#include <algorithm>

#include "engine/base/bytes.h"

namespace sluice::policy {
namespace {

constexpr smtp::Reply kNoDomain{550, "5.1.3", "Recipient address has no domain"};
constexpr smtp::Reply kAddressLiteral{550, "5.1.2", "Mail to an address literal is not accepted"};
constexpr smtp::Reply kNoRelay{550, "5.7.54",
                               "SMTP; Unable to relay recipient in non-accepted domain"};

}  // namespace

bool is_accepted(const config::Config& config, std::string_view domain) noexcept {
  return std::any_of(config.accepted_domains.begin(), config.accepted_domains.end(),
                     [&](std::string_view pattern) { return domain_matches(pattern, domain); });
}

bool may_relay(const config::Listener& listener, const IpAddress& peer) noexcept {
  return std::any_of(listener.relay_from.begin(), listener.relay_from.end(),
                     [&](const Prefix& prefix) { return prefix.contains(peer); });
}

bool domain_matches(std::string_view pattern, std::string_view domain) noexcept {
  if (!pattern.starts_with('.')) return equals_ignoring_case(pattern, domain);
  if (domain.size() <= pattern.size()) return false;
  return equals_ignoring_case(pattern, domain.substr(domain.size() - pattern.size()));
}

std::string_view domain_of(std::string_view address) noexcept {
  const std::size_t at = address.rfind('@');
  return at == std::string_view::npos ? std::string_view{} : address.substr(at + 1);
}

std::optional<smtp::Reply> check_recipient(const config::Config& config,
                                           const config::Listener& listener, const IpAddress& peer,
                                           std::string_view address) noexcept {
  // RFC 5321 4.5.1: postmaster needs no domain.
  if (equals_ignoring_case(address, "postmaster")) return {};
  const std::string_view domain = domain_of(address);
  if (domain.empty()) return kNoDomain;
  if (domain.starts_with('[')) return kAddressLiteral;
  if (may_relay(listener, peer) || is_accepted(config, domain)) return {};
  return kNoRelay;
}

}  // namespace sluice::policy
