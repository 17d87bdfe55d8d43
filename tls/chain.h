// From certificates as they come to the chain as it must be sent: the certificate of the key first,
// each followed by its issuer. What can be mended is mended and said; what cannot is an error.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "tls/identity.h"

namespace sluice::tls {

// Roots and intermediates that the operator trusts, beside those of the system.
using Authorities = std::vector<CertificatePtr>;

struct Arranged {
  Identity identity;               // without the key
  std::vector<std::string> notes;  // what was mended, a sentence each
};

// `key`: whose certificate is wanted; null: the one that issued none of the others.
std::expected<Arranged, std::string> arrange(std::vector<CertificatePtr> found, EVP_PKEY* key,
                                             const Authorities& authorities);

struct ChainVerdict {
  bool verified = false;
  std::string fault;              // "self-signed certificate"; empty when verified
  std::string fault_subject;      // of the certificate that it is about
  bool by_own_authority = false;  // verified, but only with `authorities`
};

// As a third party would, for a server's certificate now.
ChainVerdict verify_chain(X509* certificate, const std::vector<CertificatePtr>& chain,
                          const Authorities& authorities);

CertificatePtr share(const CertificatePtr& certificate) noexcept;  // one more reference

}  // namespace sluice::tls
