// The certificates that `sluice certconfig` keeps: a directory of the operator's own (0700, files
// 0600). An entry is one file with key, certificate and issuers, so that it is replaced whole:
//   NAME.pem           key, certificate, chain      available, or assigned
//   NAME.ocsp           OCSP response about it (DER); something outside may renew it
//   NAME.request.pem   key, signing request         requested
//   ca/NAME.pem        a certification authority that is trusted
//   assigned.json      {"inbound": ["mx-ecdsa", "mx-rsa"]}: who shows which
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tls/bundle.h"
#include "tls/chain.h"
#include "tls/identity.h"
#include "tls/issue.h"

namespace sluice::control {

class CertificateStore {
 public:
  using Done = std::expected<void, std::string>;
  using Assignments = std::map<std::string, std::vector<std::string>>;  // listener: entries

  // A directory that is not there is an empty store; the first save makes it.
  explicit CertificateStore(std::string directory) : directory_(std::move(directory)) {}

  const std::string& directory() const noexcept { return directory_; }

  // In the order of their names.
  std::vector<std::string> names() const;     // with a certificate
  std::vector<std::string> requests() const;  // with a request
  bool has(std::string_view name) const;

  std::expected<tls::Identity, std::string> load(const std::string& name) const;
  std::expected<tls::Request, std::string> load_request(const std::string& name) const;
  // The OCSP response of an entry that has been loaded; without a file: an empty one.
  std::expected<tls::Staple, std::string> load_staple(const std::string& name,
                                                      const tls::Identity& identity) const;
  // One from anywhere; the certificate's issuer may be an authority of the store.
  std::expected<tls::Staple, std::string> read_staple(const std::string& file,
                                                      const tls::Identity& identity) const;
  // With its OCSP response, when it has one; an older one goes.
  Done save(const std::string& name, const tls::Identity& identity) const;
  Done save(const std::string& name, const tls::Request& request) const;
  void remove(const std::string& name) const;
  void remove_request(const std::string& name) const;

  std::expected<Assignments, std::string> assignments() const;
  Done assign(const Assignments& assignments) const;

  std::vector<std::string> authority_names() const;
  std::expected<tls::CertificatePtr, std::string> load_authority(const std::string& name) const;
  // All of them.
  std::expected<tls::Authorities, std::string> authorities() const;
  Done save_authority(const std::string& name, const tls::CertificatePtr& certificate) const;
  void remove_authority(const std::string& name) const;

  // What others could read or change, a sentence each.
  std::vector<std::string> loose_permissions() const;
  // When the newest file was written (Unix seconds): a clock before that is wrong.
  std::int64_t newest() const;

 private:
  std::string path(std::string_view name) const;
  std::string staple_path(std::string_view name) const;
  std::string request_path(std::string_view name) const;
  std::string authority_path(std::string_view name) const;
  Done write(const std::string& path, const tls::Bundle& bundle) const;

  std::string directory_;
};

}  // namespace sluice::control
