// `sluice certconfig new self-signed` and `csr`.
#include <cstdio>

#include "engine/config/values.h"
#include "engine/control/certificate_commands.h"
#include "tools/sluice/certconfig.h"
#include "tools/sluice/certconfig_engine.h"
#include "tools/sluice/report.h"

namespace sluice::tools {
namespace {

// The wish as the library takes it, or what is wrong with it.
std::expected<tls::Wanted, std::string> wish(const config::Config& config,
                                             const CertOptions& options) {
  if (const std::string fault = name_fault(options.name); !fault.empty())
    return std::unexpected(fault);
  tls::Wanted wanted{.hosts = {options.host.empty() ? config.hostname : options.host},
                     .key = options.rsa ? tls::KeyType::rsa : tls::KeyType::ecdsa,
                     .days = options.days};
  for (const std::string& host : options.also) wanted.hosts.push_back(host);
  for (const std::string& host : wanted.hosts)
    if (!config::is_host_name(host.starts_with("*.") ? host.substr(2) : host))
      return std::unexpected("\"" + host + "\" is not a host name");
  return wanted;
}

}  // namespace

int certificate_new(const Options& options, const CertOptions& given) {
  const auto config = open_store(options);
  if (config == nullptr) return 1;
  const auto wanted = wish(*config, given);
  if (!wanted) return fail(wanted.error());
  const control::CertificateStore store(config->tls.store);
  if (store.has(given.name))
    return fail("there is a certificate \"" + given.name +
                "\" already; delete it, or take another name");
  const auto made = tls::make_self_signed(*wanted);
  if (!made) return fail(made.error());
  if (auto saved = store.save(given.name, *made); !saved) return fail(saved.error());
  const tls::CertificateFacts facts = tls::facts_of(made->certificate.get());
  return said(options,
              given.name + ": self-signed certificate for " + wanted->hosts.front() +
                  " made; available\nserial " + facts.serial + ", SHA-256 " + facts.fingerprint,
              {{"name", given.name},
               {"state", "available"},
               {"certificate", control::certificate_json(facts)}});
}

int certificate_request(const Options& options, const CertOptions& given) {
  const auto config = open_store(options);
  if (config == nullptr) return 1;
  const auto wanted = wish(*config, given);
  if (!wanted) return fail(wanted.error());
  if (const std::string fault = commitment_fault(*config, wanted->hosts.front()); !fault.empty())
    return fail(fault);
  const control::CertificateStore store(config->tls.store);
  auto request = store.load_request(given.name);  // asked for again: the same key
  if (!request) {
    request = tls::make_request(*wanted);
    if (!request) return fail(request.error());
    if (auto saved = store.save(given.name, *request); !saved) return fail(saved.error());
  }
  tls::Bundle shown;
  shown.request = std::move(request->request);
  if (options.as_json)
    return said(options, "",
                {{"name", given.name},
                 {"state", "requested"},
                 {"key_id", tls::key_id(request->key.get())},
                 {"request", std::string(tls::to_pem(shown).view())}});
  std::fputs(tls::to_pem(shown).c_str(), stdout);
  std::fprintf(
      stderr, "%s: requested; key id %s. Bring the answer with: sluice certconfig import %s FILE\n",
      given.name.c_str(), tls::key_id(request->key.get()).c_str(), given.name.c_str());
  return 0;
}

}  // namespace sluice::tools
