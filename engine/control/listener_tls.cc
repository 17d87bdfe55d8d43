#include "engine/control/listener_tls.h"

#include <algorithm>
#include <ctime>

#include "tls/ocsp.h"

namespace sluice::control {
namespace {

using config::Certificate;
using Identities = std::vector<tls::Identity>;

constexpr const char* kSelfSigned = "self-signed";  // the entry of the store

std::expected<tls::Identity, std::string> load(const Certificate& certificate) {
  auto identity = tls::load_identity(certificate.file, certificate.key);
  if (!identity || certificate.ocsp.empty()) return identity;
  auto staple = tls::load_staple(certificate.ocsp, *identity);
  if (!staple) return std::unexpected(staple.error());
  identity->staple = std::move(*staple);
  return identity;
}

std::vector<std::string> assigned_to(const CertificateStore::Assignments& assignments,
                                     const config::Listener& listener) {
  const auto found = assignments.find(listener.name);
  return found == assignments.end() ? std::vector<std::string>() : found->second;
}

// For some of its sources at least.
bool speaks_tls(const config::Listener& listener) {
  return listener.tls != config::Tls::off || !listener.tls_preferred_from.empty() ||
         !listener.tls_required_from.empty();
}

bool needs_store(const config::Listener& listener) {
  return speaks_tls(listener) && listener.certificates.empty();
}

// A response of the store that is no good is left out: it is renewed by something outside, and may
// be late.
std::expected<tls::Identity, std::string> load(const CertificateStore& store,
                                               const std::string& name,
                                               std::vector<std::string>& notes) {
  auto identity = store.load(name);
  if (!identity) return identity;
  auto staple = store.load_staple(name, *identity);
  if (staple)
    identity->staple = std::move(*staple);
  else
    notes.push_back("certificate \"" + name + "\": no OCSP response is sent: " + staple.error());
  return identity;
}

std::expected<Identities, std::string> identities_of(const config::Config& config,
                                                     const config::Listener& listener,
                                                     std::vector<std::string>& notes) {
  const CertificateStore store(config.tls.store);
  Identities identities;
  for (const std::string& name : listener.certificates) {
    // The configuration was checked: it is there.
    auto identity = load(*std::ranges::find(config.certificates, name, &Certificate::name));
    if (!identity) return std::unexpected(identity.error());
    identities.push_back(std::move(*identity));
  }
  if (!identities.empty()) return identities;
  const auto assignments = store.assignments();
  if (!assignments) return std::unexpected(assignments.error());
  for (const std::string& name : assigned_to(*assignments, listener)) {
    auto identity = load(store, name, notes);
    if (!identity) return std::unexpected(identity.error());
    identities.push_back(std::move(*identity));
  }
  if (!identities.empty()) return identities;
  auto made = tls::make_self_signed({.hosts = {listener.hostname}});
  if (!made) return std::unexpected(made.error());
  identities.push_back(std::move(*made));
  return identities;
}

tls::ClientCertificates level_of(config::ClientCertificates level) {
  switch (level) {
    case config::ClientCertificates::ask: return tls::ClientCertificates::ask;
    case config::ClientCertificates::require: return tls::ClientCertificates::require;
    default: return tls::ClientCertificates::off;
  }
}

std::expected<tls::ServerSettings, std::string> settings_of(const config::Config& config,
                                                            const config::Listener& listener) {
  tls::ServerSettings settings{.name = listener.name,
                               .client_certificates = level_of(listener.client_certificates),
                               .resumption = config.tls.ticket_rotation.ns > 0,
                               .ticket_life = config.tls.ticket_rotation};
  if (settings.client_certificates == tls::ClientCertificates::off) return settings;
  auto authorities = CertificateStore(config.tls.store).authorities();
  if (!authorities) return std::unexpected(authorities.error());
  if (authorities->empty() && settings.client_certificates == tls::ClientCertificates::require)
    return std::unexpected(
        "client_certificates is \"require\", but the CA store is empty: no client could come in; "
        "see sluice certconfig ca import");
  settings.authorities = std::move(*authorities);
  return settings;
}

std::expected<void, std::string> load_one(const config::Config& config,
                                          const config::Listener& listener,
                                          std::shared_ptr<const tls::TicketKeys> tickets,
                                          worker::Generation& generation) {
  auto identities = identities_of(config, listener, generation.certificate_notes);
  if (!identities) return std::unexpected(identities.error());
  for (const tls::Identity& identity : *identities)
    generation.certificates.back().push_back(tls::facts_of(identity.certificate.get()));
  auto settings = settings_of(config, listener);
  if (!settings) return std::unexpected(settings.error());
  settings->tickets = std::move(tickets);
  auto context = tls::Context::server(std::move(*identities), std::move(*settings));
  if (!context) return std::unexpected(context.error());
  generation.tls.back() = std::move(*context);
  return {};
}

void warn(const config::Config& config, const config::Listener& listener,
          const std::vector<tls::CertificateFacts>& shown, WallTime now, std::int64_t newest,
          std::vector<std::string>& out) {
  auto add = [&](const std::string& what) {
    out.push_back("listener " + listener.name + ": " + what);
  };
  bool named = false;
  for (const tls::CertificateFacts& facts : shown) {
    const std::string name = "certificate \"" + facts.subject + "\" (serial " + facts.serial + ") ";
    if (facts.self_signed)
      add(name + "is self-signed: other hosts cannot verify it; see sluice certconfig csr");
    const std::int64_t left = facts.not_after - now.unix_seconds();
    if (const std::string fault = date_fault(facts, now, newest); !fault.empty())
      add(name + fault);
    else if (left < config.tls.expiry_warning.seconds())
      add(name + "expires in " + std::to_string(left / 86'400) + " days, on " +
          date_text(facts.not_after));
    named = named || std::ranges::any_of(facts.names, [&](const std::string& pattern) {
              return tls::name_matches(pattern, listener.hostname);
            });
  }
  if (!shown.empty() && !named)
    add("no certificate is for its hostname " + listener.hostname +
        "; clients that connect to this name cannot verify it");
}

}  // namespace

std::expected<void, std::string> load_listener_tls(std::shared_ptr<const tls::TicketKeys> tickets,
                                                   worker::Generation& generation) {
  for (const config::Listener& listener : generation.config->listeners) {
    generation.tls.emplace_back();
    generation.certificates.emplace_back();
    if (!speaks_tls(listener)) continue;
    if (auto loaded = load_one(*generation.config, listener, tickets, generation); !loaded)
      return std::unexpected("listener \"" + listener.name + "\": " + loaded.error());
  }
  return {};
}

std::expected<std::string, std::string> ensure_certificates(const config::Config& config) {
  const CertificateStore store(config.tls.store);
  auto assignments = store.assignments();
  if (!assignments) return std::unexpected(assignments.error());
  std::vector<std::string> hosts;
  std::string listeners;
  for (const config::Listener& listener : config.listeners) {
    if (!needs_store(listener) || !assigned_to(*assignments, listener).empty()) continue;
    if (std::ranges::find(hosts, listener.hostname) == hosts.end())
      hosts.push_back(listener.hostname);
    (*assignments)[listener.name] = {kSelfSigned};
    listeners += (listeners.empty() ? "" : ", ") + listener.name;
  }
  if (hosts.empty()) return "";
  if (!store.has(kSelfSigned)) {
    const auto made = tls::make_self_signed({.hosts = hosts});
    if (!made) return std::unexpected(made.error());
    if (auto saved = store.save(kSelfSigned, *made); !saved) return std::unexpected(saved.error());
  }
  if (auto assigned = store.assign(*assignments); !assigned)
    return std::unexpected(assigned.error());
  return "no certificate for listener " + listeners +
         ": the self-signed one of the store was made and assigned";
}

std::vector<std::string> certificate_warnings(const worker::Generation& generation, WallTime now,
                                              std::int64_t newest) {
  std::vector<std::string> out = generation.certificate_notes;
  for (std::size_t i = 0; i < generation.certificates.size(); ++i)
    warn(*generation.config, generation.config->listeners[i], generation.certificates[i], now,
         newest, out);
  return out;
}

std::string date_fault(const tls::CertificateFacts& facts, WallTime now, std::int64_t newest) {
  const std::int64_t at = now.unix_seconds();
  if (facts.not_before <= at && at < facts.not_after) return {};
  std::string text = at < facts.not_before ? "is not valid before " + date_text(facts.not_before)
                                           : "expired on " + date_text(facts.not_after);
  text += " (valid from " + date_text(facts.not_before) + " to " + date_text(facts.not_after) +
          "; the system time is " + date_text(at) + ")";
  if (at < newest)
    text += "; the clock is wrong: a file of the store was written at " + date_text(newest);
  return text;
}

std::string date_text(std::int64_t unix_seconds) {
  std::tm parts{};
  gmtime_r(&unix_seconds, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts)};
}

}  // namespace sluice::control
