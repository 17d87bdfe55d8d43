// `sluice certconfig import`, `import-pkcs12`, `export-pkcs12` and `ca import|delete`.
#include <cstdio>

#include "engine/base/atomic_file.h"
#include "engine/control/certificate_commands.h"
#include "engine/control/listener_tls.h"
#include "tls/pkcs12.h"
#include "tools/sluice/certconfig.h"
#include "tools/sluice/certconfig_engine.h"
#include "tools/sluice/password.h"
#include "tools/sluice/report.h"

namespace sluice::tools {
namespace {

using control::CertificateStore;
using Problem = std::unexpected<std::string>;

std::expected<tls::Bundle, std::string> read(const std::string& file) {
  const auto content = tls::read_file(file);
  if (!content) return Problem(content.error());
  tls::Bundle bundle = tls::parse_bundle(content->octets());
  if (bundle.key_is_encrypted)
    return Problem(file + ": its private key is encrypted; import it as PKCS#12");
  if (bundle.empty()) return Problem(file + ": holds no certificate, neither PEM nor DER");
  return bundle;
}

// The given key; else the first of those at hand that one of the certificates belongs to; else the
// first, so that the message can tell its id.
tls::KeyPtr choose_key(const CertificateStore& store, const std::string& name,
                       const std::vector<tls::CertificatePtr>& certificates) {
  std::vector<tls::KeyPtr> keys;
  if (auto request = store.load_request(name)) keys.push_back(std::move(request->key));
  if (store.has(name))
    if (auto present = store.load(name)) keys.push_back(std::move(present->key));
  for (tls::KeyPtr& key : keys)
    for (const tls::CertificatePtr& certificate : certificates)
      if (tls::key_id(key.get()) == tls::facts_of(certificate.get()).key_id) return std::move(key);
  return keys.empty() ? nullptr : std::move(keys.front());
}

std::expected<void, std::string> staple(const CertificateStore& store, tls::Identity& identity,
                                        const std::string& file) {
  if (file.empty()) return {};
  auto staple = store.read_staple(file, identity);
  if (!staple) return Problem(staple.error());
  identity.staple = std::move(*staple);
  return {};
}

// The entry as it is, with a response that is still good.
std::expected<tls::Identity, std::string> present(const CertificateStore& store,
                                                  const std::string& name) {
  if (!store.has(name)) return Problem("");
  auto identity = store.load(name);
  if (!identity) return identity;
  if (auto staple = store.load_staple(name, *identity)) identity->staple = std::move(*staple);
  return identity;
}

// Arranged, checked, stored; an engine that shows the entry takes it over. Nothing changes unless
// all of it succeeds.
int take_over(const Options& options, const config::Config& config, const CertOptions& wanted,
              tls::Bundle bundle) {
  const std::string& name = wanted.name;
  const std::string& file = wanted.file;
  const CertificateStore store(config.tls.store);
  const auto authorities = store.authorities();
  if (!authorities) return fail(authorities.error());
  if (!bundle.key) bundle.key = choose_key(store, name, bundle.certificates);
  if (!bundle.key)
    return fail(file + ": holds no private key, and the store has none for \"" + name +
                "\": give it with --key, or begin with sluice certconfig csr " + name);
  auto arranged = tls::arrange(std::move(bundle.certificates), bundle.key.get(), *authorities);
  if (!arranged) return fail(file + ": " + arranged.error());
  tls::Identity& identity = arranged->identity;
  const tls::CertificateFacts facts = tls::facts_of(identity.certificate.get());
  if (const std::string fault = date_fault_now(facts, store); !fault.empty())
    return fail(file + ": the certificate " + fault);
  const auto requested = store.load_request(name);
  const bool answers = requested && tls::key_id(requested->key.get()) == facts.key_id;
  identity.key = std::move(bundle.key);
  if (auto stapled = staple(store, identity, wanted.ocsp_file); !stapled)
    return fail(stapled.error());
  const auto before = present(store, name);
  if (auto saved = store.save(name, identity); !saved) return fail(saved.error());
  if (const auto taken = reload_engine(config); !taken) {
    if (before)
      static_cast<void>(store.save(name, *before));
    else
      store.remove(name);
    return fail("the engine refuses: " + taken.error());
  }
  if (answers) store.remove_request(name);
  const auto verdict = tls::verify_chain(identity.certificate.get(), identity.chain, *authorities);
  std::string text;
  for (const std::string& note : arranged->notes) text += "note: " + note + "\n";
  text += name + ": imported correctly; available\nserial " + facts.serial + ", SHA-256 " +
          facts.fingerprint;
  if (!verdict.verified) text += "\nwarning: it cannot be verified: " + verdict.fault;
  return said(options, text,
              {{"name", name},
               {"state", "available"},
               {"notes", arranged->notes},
               {"verified", verdict.verified},
               {"fault", verdict.fault},
               {"certificate", control::certificate_json(facts)}});
}

}  // namespace

int certificate_import(const Options& options, const CertOptions& wanted) {
  const auto config = open_store(options);
  if (config == nullptr) return 1;
  if (const std::string fault = name_fault(wanted.name); !fault.empty()) return fail(fault);
  auto bundle = read(wanted.file);
  if (!bundle) return fail(bundle.error());
  if (bundle->certificates.empty()) return fail(wanted.file + ": holds no certificate");
  for (const std::string& file : wanted.issuers) {
    auto more = read(file);
    if (!more) return fail(more.error());
    for (tls::CertificatePtr& issuer : more->certificates)
      bundle->certificates.push_back(std::move(issuer));
  }
  if (!wanted.key_file.empty()) {
    auto key = read(wanted.key_file);
    if (!key) return fail(key.error());
    if (!key->key) return fail(wanted.key_file + ": holds no private key");
    bundle->key = std::move(key->key);
  }
  return take_over(options, *config, wanted, std::move(*bundle));
}

int certificate_import_pkcs12(const Options& options, const CertOptions& wanted) {
  const auto config = open_store(options);
  if (config == nullptr) return 1;
  if (const std::string fault = name_fault(wanted.name); !fault.empty()) return fail(fault);
  const auto content = tls::read_file(wanted.file);
  if (!content) return fail(content.error());
  const auto password = read_password(wanted.password_file, false);
  if (!password) return fail(password.error());
  auto bundle = tls::read_pkcs12(content->octets(), *password);
  if (!bundle) return fail(wanted.file + ": " + bundle.error() + "; nothing was changed");
  return take_over(options, *config, wanted, std::move(*bundle));
}

int certificate_staple(const Options& options, const CertOptions& wanted) {
  const auto config = open_store(options);
  if (config == nullptr) return 1;
  const CertificateStore store(config->tls.store);
  auto identity = store.load(wanted.name);
  if (!identity) return fail(identity.error());
  if (auto stapled = staple(store, *identity, wanted.file); !stapled)
    return fail(stapled.error() + "; nothing was changed");
  if (auto saved = store.save(wanted.name, *identity); !saved) return fail(saved.error());
  const auto taken = reload_engine(*config);
  if (!taken) return fail("the engine refuses: " + taken.error());
  const std::string until = control::date_text(identity->staple.good_until);
  return said(options,
              wanted.name + ": OCSP response taken, good until " + until +
                  (*taken ? "; new sessions see it from now on" : "; no engine is running"),
              {{"name", wanted.name}, {"good_until", until}, {"taken_over", *taken}});
}

int certificate_export_pkcs12(const Options& options, const CertOptions& wanted) {
  const auto config = open_store(options);
  if (config == nullptr) return 1;
  const CertificateStore store(config->tls.store);
  const auto identity = store.load(wanted.name);
  if (!identity) return fail(identity.error());
  const auto password = read_password(wanted.password_file, true);
  if (!password) return fail(password.error());
  const auto file = tls::write_pkcs12(*identity, wanted.name, *password);
  if (!file) return fail(file.error());
  if (auto written = replace_file(wanted.file, file->view()); !written)
    return fail(written.error());
  return said(options,
              wanted.name + ": written to " + wanted.file + ", readable with the password only",
              {{"name", wanted.name}, {"file", wanted.file}});
}

int authority_import(const Options& options, const CertOptions& wanted) {
  const auto config = open_store(options);
  if (config == nullptr) return 1;
  if (const std::string fault = name_fault(wanted.name); !fault.empty()) return fail(fault);
  auto bundle = read(wanted.file);
  if (!bundle) return fail(bundle.error());
  if (bundle->certificates.size() != 1)
    return fail(wanted.file + ": holds " + std::to_string(bundle->certificates.size()) +
                " certificates; import one at a time, each under its name");
  const CertificateStore store(config->tls.store);
  const tls::CertificateFacts facts = tls::facts_of(bundle->certificates.front().get());
  if (!facts.authority)
    return fail(wanted.file + ": \"" + facts.subject +
                "\" is not the certificate of an authority (basicConstraints CA is not set)");
  if (const std::string fault = date_fault_now(facts, store); !fault.empty())
    return fail(wanted.file + ": the certificate " + fault);
  if (auto saved = store.save_authority(wanted.name, bundle->certificates.front()); !saved)
    return fail(saved.error());
  if (const auto taken = reload_engine(*config); !taken) return fail(taken.error());
  return said(
      options,
      wanted.name + ": authority \"" + facts.subject + "\" imported; SHA-256 " + facts.fingerprint,
      {{"name", wanted.name}, {"certificate", control::certificate_json(facts)}});
}

int authority_delete(const Options& options, const CertOptions& wanted) {
  const auto config = open_store(options);
  if (config == nullptr) return 1;
  const CertificateStore store(config->tls.store);
  if (const auto there = store.load_authority(wanted.name); !there) return fail(there.error());
  store.remove_authority(wanted.name);
  if (const auto taken = reload_engine(*config); !taken) return fail(taken.error());
  return said(options, wanted.name + ": deleted", {{"deleted", wanted.name}});
}

}  // namespace sluice::tools
