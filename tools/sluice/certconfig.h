// `sluice certconfig`: the actions behind its subcommands. Each returns the exit status; a refusal
// changes nothing.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/control/certificate_store.h"
#include "tls/certificate.h"
#include "tools/sluice/command.h"

namespace sluice::tools {

struct CertOptions {
  std::string name;  // of the entry
  std::string file;
  std::string key_file;
  std::string ocsp_file;
  std::string password_file;         // "": the terminal; "-": standard input
  std::string host;                  // the common name; "" = the hostname of the configuration
  std::vector<std::string> also;     // further names
  std::vector<std::string> issuers;  // files with intermediates
  std::vector<std::string> names;    // entries to assign
  std::vector<std::string> listeners;
  bool rsa = false;
  unsigned days = 365;
};

int certificate_new(const Options& options, const CertOptions& wanted);
int certificate_request(const Options& options, const CertOptions& wanted);
int certificate_import(const Options& options, const CertOptions& wanted);
int certificate_import_pkcs12(const Options& options, const CertOptions& wanted);
int certificate_staple(const Options& options, const CertOptions& wanted);
int certificate_export_pkcs12(const Options& options, const CertOptions& wanted);
int certificate_assign(const Options& options, const CertOptions& wanted);
int certificate_delete(const Options& options, const CertOptions& wanted);
int certificate_list(const Options& options, const CertOptions& wanted);
int certificate_check(const Options& options, const CertOptions& wanted);
int authority_import(const Options& options, const CertOptions& wanted);
int authority_list(const Options& options, const CertOptions& wanted);
int authority_delete(const Options& options, const CertOptions& wanted);

// The configuration and its store; null: problems were printed.
std::shared_ptr<const config::Config> open_store(const Options& options);
// "" when fine: letters, digits, '-', '_'.
std::string name_fault(const std::string& name);
// What is wrong with a certificate's dates now; "" when nothing is.
std::string date_fault_now(const tls::CertificateFacts& facts,
                           const control::CertificateStore& store);

}  // namespace sluice::tools
