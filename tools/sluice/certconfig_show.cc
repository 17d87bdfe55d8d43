// `sluice certconfig list`, `check` and `ca list`.
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "engine/control/certificate_commands.h"
#include "engine/control/listener_tls.h"
#include "tls/ocsp.h"
#include "tools/sluice/certconfig.h"

namespace sluice::tools {
namespace {

using control::CertificateStore;
using nlohmann::json;

struct Row {
  std::string name;
  std::string state;  // requested, available, assigned; file: named by the configuration
  std::vector<std::string> used_by;
  std::expected<tls::Identity, std::string> identity;
  std::string staple_fault{};  // why its OCSP response is not sent
};

void take_staple(Row& row, std::expected<tls::Staple, std::string> staple) {
  if (staple)
    row.identity->staple = std::move(*staple);
  else
    row.staple_fault = "no OCSP response is sent: " + staple.error();
}

// The certificates of the store and of the configuration. One with a request under way has a row of
// its own for that.
std::expected<std::vector<Row>, std::string> rows(const config::Config& config,
                                                  const CertificateStore& store) {
  const auto assignments = store.assignments();
  if (!assignments) return std::unexpected(assignments.error());
  std::vector<Row> found;
  for (const std::string& name : store.names()) {
    Row row{name, "available", {}, store.load(name)};
    for (const auto& [listener, names] : *assignments)
      if (std::ranges::find(names, name) != names.end()) row.used_by.push_back(listener);
    if (!row.used_by.empty()) row.state = "assigned";
    if (row.identity) take_staple(row, store.load_staple(name, *row.identity));
    found.push_back(std::move(row));
  }
  for (const std::string& name : store.requests())
    found.push_back({name, "requested", {}, std::unexpected("")});
  for (const config::Certificate& certificate : config.certificates) {
    Row row{certificate.name, "file", {}, tls::load_identity(certificate.file, certificate.key)};
    for (const config::Listener& listener : config.listeners)
      if (std::ranges::find(listener.certificates, certificate.name) != listener.certificates.end())
        row.used_by.push_back(listener.name);
    if (row.identity && !certificate.ocsp.empty())
      take_staple(row, tls::load_staple(certificate.ocsp, *row.identity));
    found.push_back(std::move(row));
  }
  return found;
}

std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : ", ") + text;
  return out.empty() ? "-" : out;
}

json json_of(const Row& row) {
  json out{{"name", row.name}, {"state", row.state}, {"used_by", row.used_by}};
  if (row.identity)
    out["certificate"] = control::certificate_json(tls::facts_of(row.identity->certificate.get()));
  else if (!row.identity.error().empty())
    out["error"] = row.identity.error();
  if (row.identity && row.identity->staple.good_until != 0)
    out["ocsp_good_until"] = control::date_text(row.identity->staple.good_until);
  if (!row.staple_fault.empty()) out["ocsp_error"] = row.staple_fault;
  return out;
}

void print_head() {
  std::printf("%-16s %-10s %-12s %-28s %-24s %-23s %s\n", "name", "state", "key", "names", "issuer",
              "expires", "used by");
}

void print(const Row& row) {
  if (!row.identity) {
    std::printf("%-16s %-10s %s\n", row.name.c_str(), row.state.c_str(),
                row.identity.error().c_str());
    return;
  }
  const tls::CertificateFacts facts = tls::facts_of(row.identity->certificate.get());
  std::printf("%-16s %-10s %-12s %-28s %-24s %-23s %s\n", row.name.c_str(), row.state.c_str(),
              facts.key_kind.c_str(), joined(facts.names).c_str(),
              facts.self_signed ? "self-signed" : facts.issuer.c_str(),
              control::date_text(facts.not_after).c_str(), joined(row.used_by).c_str());
}

// Every fault of one certificate, a sentence each.
std::vector<std::string> faults_of(const Row& row, const config::Config& config,
                                   const CertificateStore& store,
                                   const tls::Authorities& authorities) {
  if (row.state == "requested") return {};
  if (!row.identity) return {row.identity.error()};
  std::vector<std::string> faults;
  const tls::CertificateFacts facts = tls::facts_of(row.identity->certificate.get());
  if (const std::string fault = date_fault_now(facts, store); !fault.empty())
    faults.push_back(fault);
  const std::int64_t left = facts.not_after - SystemClock().wall().unix_seconds();
  if (left > 0 && left < config.tls.expiry_warning.seconds())
    faults.push_back("expires in " + std::to_string(left / 86'400) + " days, on " +
                     control::date_text(facts.not_after));
  if (!row.staple_fault.empty()) faults.push_back(row.staple_fault);
  const auto verdict =
      tls::verify_chain(row.identity->certificate.get(), row.identity->chain, authorities);
  if (facts.self_signed)
    faults.push_back("self-signed: other hosts cannot verify it");
  else if (!verdict.verified)
    faults.push_back("cannot be verified: " + verdict.fault + " (at \"" + verdict.fault_subject +
                     "\")");
  for (const config::Listener& listener : config.listeners)
    if (std::ranges::find(row.used_by, listener.name) != row.used_by.end() &&
        !tls::is_for_host(row.identity->certificate.get(), listener.hostname))
      faults.push_back("is not for " + listener.hostname + ", the hostname of listener " +
                       listener.name + ", but for " + joined(facts.names));
  return faults;
}

}  // namespace

int certificate_list(const Options& options, const CertOptions&) {
  const auto config = open_store(options);
  if (config == nullptr) return 1;
  const auto found = rows(*config, CertificateStore(config->tls.store));
  if (!found) return fail(found.error());
  if (options.as_json) {
    json out = json::array();
    for (const Row& row : *found) out.push_back(json_of(row));
    std::printf("%s\n", json{{"certificates", out}}.dump(2).c_str());
    return 0;
  }
  print_head();
  for (const Row& row : *found) print(row);
  return 0;
}

int certificate_check(const Options& options, const CertOptions& wanted) {
  const auto config = open_store(options);
  if (config == nullptr) return 1;
  const CertificateStore store(config->tls.store);
  const auto found = rows(*config, store);
  if (!found) return fail(found.error());
  const auto authorities = store.authorities();
  if (!authorities) return fail(authorities.error());
  json out = json::array();
  std::size_t faults = 0, seen = 0;
  for (const Row& row : *found) {
    if (!wanted.name.empty() && row.name != wanted.name) continue;
    const auto named = faults_of(row, *config, store, *authorities);
    ++seen;
    faults += named.size();
    out.push_back(json_of(row));
    out.back()["faults"] = named;
    if (options.as_json) continue;
    std::printf("%s (%s):%s\n", row.name.c_str(), row.state.c_str(), named.empty() ? " fine" : "");
    for (const std::string& fault : named) std::printf("  %s\n", fault.c_str());
  }
  if (seen == 0 && !wanted.name.empty())
    return fail("there is no certificate \"" + wanted.name + "\"");
  const std::vector<std::string> loose = store.loose_permissions();
  if (options.as_json)
    std::printf("%s\n", json{{"certificates", out}, {"permissions", loose}}.dump(2).c_str());
  else
    for (const std::string& fault : loose) std::printf("%s\n", fault.c_str());
  return faults + loose.size() > 0 ? 1 : 0;
}

int authority_list(const Options& options, const CertOptions&) {
  const auto config = open_store(options);
  if (config == nullptr) return 1;
  const CertificateStore store(config->tls.store);
  json out = json::array();
  if (!options.as_json)
    std::printf("%-16s %-40s %-23s %s\n", "name", "subject", "expires", "state");
  for (const std::string& name : store.authority_names()) {
    const auto certificate = store.load_authority(name);
    if (!certificate) return fail(certificate.error());
    const tls::CertificateFacts facts = tls::facts_of(certificate->get());
    const std::string fault = date_fault_now(facts, store);
    out.push_back(control::certificate_json(facts));
    out.back()["name"] = name;
    if (!options.as_json)
      std::printf("%-16s %-40s %-23s %s\n", name.c_str(), facts.subject.c_str(),
                  control::date_text(facts.not_after).c_str(),
                  fault.empty() ? "good" : fault.c_str());
  }
  if (options.as_json) std::printf("%s\n", json{{"authorities", out}}.dump(2).c_str());
  return 0;
}

}  // namespace sluice::tools
