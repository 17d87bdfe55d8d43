// `sluice certconfig assign` and `delete`: who shows which certificate.
#include <algorithm>
#include <cstdio>

#include "tools/sluice/certconfig.h"
#include "tools/sluice/certconfig_engine.h"
#include "tools/sluice/report.h"

namespace sluice::tools {
namespace {

using control::CertificateStore;

// Why the listener cannot be assigned to; "" when it can.
std::string listener_fault(const config::Config& config, const std::string& name) {
  const auto listener = std::ranges::find(config.listeners, name, &config::Listener::name);
  if (listener == config.listeners.end())
    return "there is no listener \"" + name + "\" in " + config.path;
  if (listener->tls == config::Tls::off)
    return "listener \"" + name + "\" has tls = \"off\" (" + config.path + ":" +
           std::to_string(listener->line) + ")";
  if (!listener->certificates.empty())
    return "listener \"" + name + "\" names its certificates itself (" + config.path + ":" +
           std::to_string(listener->line) + "); remove the key \"certificates\" there first";
  return {};
}

// Why the entry cannot be shown to anybody; "" when it can. Warns of what others will not like.
std::string entry_fault(const config::Config& config, const CertificateStore& store,
                        const std::string& name, const tls::Authorities& authorities,
                        std::vector<std::string>& warnings) {
  if (!store.has(name)) {
    const auto requests = store.requests();
    return std::ranges::find(requests, name) != requests.end()
               ? "\"" + name + "\" is only requested: import its certificate first"
               : "there is no certificate \"" + name + "\" in " + config.tls.store;
  }
  const auto identity = store.load(name);
  if (!identity) return identity.error();
  const tls::CertificateFacts facts = tls::facts_of(identity->certificate.get());
  if (const std::string fault = date_fault_now(facts, store); !fault.empty())
    return "certificate \"" + name + "\" " + fault;
  const auto verdict = tls::verify_chain(identity->certificate.get(), identity->chain, authorities);
  if (!verdict.verified)
    warnings.push_back(name + " cannot be verified by others: " + verdict.fault);
  return {};
}

// A hostname that no assigned certificate is for is worth a warning, no refusal: clients may know
// the listener by another name.
void warn_of_names(const config::Config& config, const CertificateStore& store,
                   const CertOptions& wanted, std::vector<std::string>& warnings) {
  for (const std::string& name : wanted.listeners) {
    const auto listener = std::ranges::find(config.listeners, name, &config::Listener::name);
    const bool named = std::ranges::any_of(wanted.names, [&](const std::string& entry) {
      const auto identity = store.load(entry);
      return identity && tls::is_for_host(identity->certificate.get(), listener->hostname);
    });
    if (!named)
      warnings.push_back("listener " + name + " is " + listener->hostname +
                         ", and no certificate is for that name");
  }
}

}  // namespace

int certificate_assign(const Options& options, const CertOptions& wanted) {
  const auto config = open_store(options);
  if (config == nullptr) return 1;
  const CertificateStore store(config->tls.store);
  const auto authorities = store.authorities();
  if (!authorities) return fail(authorities.error());
  for (const std::string& name : wanted.listeners)
    if (const std::string fault = listener_fault(*config, name); !fault.empty()) return fail(fault);
  std::vector<std::string> warnings;
  for (const std::string& name : wanted.names)
    if (const std::string fault = entry_fault(*config, store, name, *authorities, warnings);
        !fault.empty())
      return fail(fault);
  const auto before = store.assignments();
  if (!before) return fail(before.error());
  auto after = *before;
  for (const std::string& name : wanted.listeners) after[name] = wanted.names;
  if (auto saved = store.assign(after); !saved) return fail(saved.error());
  const auto taken = reload_engine(*config);
  if (!taken) {
    static_cast<void>(store.assign(*before));
    return fail("the engine refuses: " + taken.error() + "; nothing was changed");
  }
  warn_of_names(*config, store, wanted, warnings);
  std::string text;
  for (const std::string& warning : warnings) text += "warning: " + warning + "\n";
  for (const std::string& name : wanted.listeners)
    text += "listener " + name + ": assigned" +
            (*taken ? "; new sessions see it from now on\n" : "; no engine is running\n");
  text.pop_back();
  return said(options, text,
              {{"certificates", wanted.names},
               {"listeners", wanted.listeners},
               {"taken_over", *taken},
               {"warnings", warnings}});
}

int certificate_delete(const Options& options, const CertOptions& wanted) {
  const auto config = open_store(options);
  if (config == nullptr) return 1;
  const CertificateStore store(config->tls.store);
  const auto assignments = store.assignments();
  if (!assignments) return fail(assignments.error());
  std::string users;
  for (const auto& [listener, names] : *assignments)
    if (std::ranges::find(names, wanted.name) != names.end())
      users += (users.empty() ? "" : ", ") + listener;
  if (!users.empty())
    return fail("\"" + wanted.name + "\" is in use by " + users +
                "; assign them another certificate first");
  const auto requests = store.requests();
  if (!store.has(wanted.name) && std::ranges::find(requests, wanted.name) == requests.end())
    return fail("there is no certificate \"" + wanted.name + "\" in " + config->tls.store);
  store.remove(wanted.name);
  store.remove_request(wanted.name);
  return said(options, wanted.name + ": deleted", {{"deleted", wanted.name}});
}

}  // namespace sluice::tools
