#include "tools/sluice/certconfig.h"

#include <algorithm>

#include "engine/control/listener_tls.h"
#include "tools/sluice/report.h"

namespace sluice::tools {
namespace {

using Action = int (*)(const Options&, const CertOptions&);
using Settings = std::shared_ptr<CertOptions>;

CLI::App* add_verb(CLI::App& parent, Options& options, const Settings& settings, const char* name,
                   const char* help, Action action, const char* example) {
  auto* verb = parent.add_subcommand(name, help);
  verb->footer(std::string("Example: ") + example);
  add_json(verb, options);
  verb->callback([&options, settings, action] {
    options.run = [&options, settings, action] { return action(options, *settings); };
  });
  return verb;
}

void add_name(CLI::App* verb, const Settings& settings, bool required = true) {
  auto* name = verb->add_option("name", settings->name, "of the entry in the store");
  if (required) name->required();
}

void add_hosts(CLI::App* verb, const Settings& settings) {
  verb->add_option("--host", settings->host,
                   "common name: a hostname of the configuration (default: its own)");
  verb->add_option("--also", settings->also, "a further DNS name; may be given again");
  verb->add_flag("--rsa", settings->rsa, "RSA 2048; else ECDSA P-256");
}

void add_password(CLI::App* verb, const Settings& settings) {
  verb->add_option("--password-file", settings->password_file,
                   "file whose first line is the password, \"-\" = standard input; else it is "
                   "asked for on the terminal");
}

void add_making(CLI::App& parent, Options& options, const Settings& settings) {
  auto* fresh = parent.add_subcommand("new", "makes a key and a certificate");
  fresh->require_subcommand(1);
  fresh->footer("Example: sluice certconfig new self-signed lab");
  auto* made =
      add_verb(*fresh, options, settings, "self-signed", "a certificate that nobody vouches for",
               certificate_new, "sluice certconfig new self-signed lab --host mx.example.com");
  add_name(made, settings);
  add_hosts(made, settings);
  made->add_option("--days", settings->days, "until it expires")
      ->check(CLI::Range(1, 3650))
      ->capture_default_str();
  auto* request = add_verb(parent, options, settings, "csr",
                           "makes a key and prints the request for its certificate (PEM)",
                           certificate_request, "sluice certconfig csr mx > mx.csr");
  add_name(request, settings);
  add_hosts(request, settings);
}

void add_transfer(CLI::App& parent, Options& options, const Settings& settings) {
  auto* import =
      add_verb(parent, options, settings, "import",
               "takes a certificate (PEM or DER) for a requested or present key",
               certificate_import, "sluice certconfig import mx mx.crt --issuer intermediate.crt");
  add_name(import, settings);
  import->add_option("file", settings->file, "the certificate, with or without its issuers")
      ->required();
  import->add_option("--issuer", settings->issuers, "file with issuers; may be given again");
  import->add_option("--key", settings->key_file,
                     "the private key, when it was not made here (default: in the file, else that "
                     "of the request)");
  auto* staple = add_verb(parent, options, settings, "staple",
                          "takes an OCSP response (DER) about an entry's certificate",
                          certificate_staple, "sluice certconfig staple mx mx.ocsp");
  add_name(staple, settings);
  staple->add_option("file", settings->file, "the response; a newer one takes its place")
      ->required();
  auto* in = add_verb(parent, options, settings, "import-pkcs12",
                      "takes key, certificate and issuers from a .p12 or .pfx file",
                      certificate_import_pkcs12,
                      "sluice certconfig import-pkcs12 mx mx.p12 --password-file secret");
  auto* out = add_verb(parent, options, settings, "export-pkcs12",
                       "writes key, certificate and issuers behind a password",
                       certificate_export_pkcs12, "sluice certconfig export-pkcs12 mx backup.p12");
  for (CLI::App* verb : {import, in})
    verb->add_option("--ocsp", settings->ocsp_file, "OCSP response to send along with it (DER)");
  for (CLI::App* verb : {in, out}) {
    add_name(verb, settings);
    verb->add_option("file", settings->file, "the PKCS#12 file")->required();
    add_password(verb, settings);
  }
}

void add_use(CLI::App& parent, Options& options, const Settings& settings) {
  auto* assign =
      add_verb(parent, options, settings, "assign",
               "says which certificates listeners show; takes effect at once", certificate_assign,
               "sluice certconfig assign mx-ecdsa mx-rsa --to inbound --to submission");
  assign->add_option("name", settings->names, "entries, the preferred first")->required();
  assign->add_option("--to", settings->listeners, "a listener; may be given again")->required();
  auto* remove =
      add_verb(parent, options, settings, "delete", "removes an entry that no listener shows",
               certificate_delete, "sluice certconfig delete old");
  add_name(remove, settings);
  add_verb(parent, options, settings, "list", "the certificates, and who shows them",
           certificate_list, "sluice certconfig list --json");
  auto* check = add_verb(parent, options, settings, "check",
                         "names every fault of the certificates; exit status 1 when there is one",
                         certificate_check, "sluice certconfig check mx");
  add_name(check, settings, false);
}

void add_authorities(CLI::App& parent, Options& options, const Settings& settings) {
  auto* ca = parent.add_subcommand("ca", "certification authorities that are trusted");
  ca->require_subcommand(1);
  ca->footer("Example: sluice certconfig ca list");
  auto* import = add_verb(*ca, options, settings, "import", "takes an authority's certificate",
                          authority_import, "sluice certconfig ca import corporate root.cer");
  add_name(import, settings);
  import->add_option("file", settings->file, "PEM or DER")->required();
  add_verb(*ca, options, settings, "list", "the authorities and their expiry", authority_list,
           "sluice certconfig ca list");
  add_name(add_verb(*ca, options, settings, "delete", "removes an authority", authority_delete,
                    "sluice certconfig ca delete corporate"),
           settings);
}

}  // namespace

std::shared_ptr<const config::Config> open_store(const Options& options) {
  tls::forbid_core_dumps();
  return load_config(options);
}

std::string name_fault(const std::string& name) {
  const bool fine = !name.empty() && name.size() <= 31 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
  return fine ? "" : "\"" + name + "\" is not a name: letters, digits, '-' and '_', at most 31";
}

std::string date_fault_now(const tls::CertificateFacts& facts,
                           const control::CertificateStore& store) {
  return control::date_fault(facts, SystemClock().wall(), store.newest());
}

void add_certconfig(CLI::App& app, Options& options) {
  auto* parent = app.add_subcommand("certconfig", "certificates and keys of the listeners");
  parent->require_subcommand(1);
  parent->footer("Example: sluice certconfig list");
  auto settings = std::make_shared<CertOptions>();
  add_making(*parent, options, settings);
  add_transfer(*parent, options, settings);
  add_use(*parent, options, settings);
  add_authorities(*parent, options, settings);
}

}  // namespace sluice::tools
