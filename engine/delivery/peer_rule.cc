#include "engine/delivery/peer_rule.h"

#include "engine/policy/recipient_policy.h"

namespace sluice::delivery {
namespace {

tls::Level level_of(config::PeerTls level) noexcept {
  switch (level) {
    case config::PeerTls::none: return tls::Level::none;
    case config::PeerTls::preferred: return tls::Level::preferred;
    case config::PeerTls::required: return tls::Level::required;
    case config::PeerTls::preferred_verify: return tls::Level::preferred_verify;
    case config::PeerTls::required_verify: return tls::Level::required_verify;
  }
  return tls::Level::preferred;
}

tls::Level level_for(config::PeerTls configured, TlsWish wish) noexcept {
  switch (wish) {
    case TlsWish::required: return tls::Level::required_verify;  // RFC 8689 4.2.1
    case TlsWish::optional:                                      // RFC 8689 5: policies yield
      return configured == config::PeerTls::none ? tls::Level::none : tls::Level::preferred;
    default: return level_of(configured);
  }
}

const config::Destination& settings_of(const config::Config& config,
                                       std::optional<std::size_t> entry) noexcept {
  static const config::Destination kDefaults;
  return entry ? config.destinations[*entry] : kDefaults;
}

}  // namespace

std::string_view level_name(config::PeerTls level) noexcept {
  return tls::name_of(level_of(level));
}

TlsWish tls_wish(const mail::SenderParameters& parameters) noexcept {
  if (parameters.requiretls) return TlsWish::required;
  return parameters.tls_optional ? TlsWish::optional : TlsWish::configured;
}

std::optional<std::size_t> find_destination(const std::vector<config::Destination>& destinations,
                                            std::string_view domain) noexcept {
  for (std::size_t i = 0; i < destinations.size(); ++i)
    if (destinations[i].domain == "*" || policy::domain_matches(destinations[i].domain, domain))
      return i;
  return {};
}

bool names_domain(const config::Config& config, std::optional<std::size_t> entry,
                  TlsWish wish) noexcept {
  const config::Destination& settings = settings_of(config, entry);
  return settings.names.empty() && tls::looks_at_certificate(level_for(settings.tls, wish));
}

PeerRule peer_rule(const config::Config& config, const ClientContexts& contexts,
                   std::optional<std::size_t> entry, std::string_view domain, TlsWish wish) {
  const config::Destination& settings = settings_of(config, entry);
  PeerRule rule;
  rule.policy.level = level_for(settings.tls, wish);
  rule.implicit = settings.implicit;
  rule.heeds_dane = wish != TlsWish::optional;
  rule.heeds_sts = rule.heeds_dane && config.mta_sts.enabled && settings.mta_sts &&
                   rule.policy.level != tls::Level::none;
  rule.requiretls = wish == TlsWish::required;
  const bool own = entry && *entry < contexts.destinations.size();
  rule.policy.context = own ? contexts.destinations[*entry] : contexts.usual;
  // RFC 6125: the certificate must be for one of the configured names, else for the domain.
  if (!settings.names.empty()) {
    rule.policy.server_name = settings.names.front();
    rule.policy.names.assign(settings.names.begin() + 1, settings.names.end());
  } else if (names_domain(config, entry, wish)) {
    rule.policy.server_name = rule.domain = domain;
  }
  return rule;
}

}  // namespace sluice::delivery
