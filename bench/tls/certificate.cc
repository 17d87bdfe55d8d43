#include "bench/tls/certificate.h"

#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "engine/base/contract.h"

namespace sluice::bench {

tls::Identity make_identity(KeyKind kind) {
  tls::Identity identity;
  identity.key.reset(kind == KeyKind::rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256"));
  identity.certificate.reset(X509_new());
  X509* certificate = identity.certificate.get();
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3'600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3'600);
  X509_set_pubkey(certificate, identity.key.get());
  SLUICE_ASSERT(X509_sign(certificate, identity.key.get(), EVP_sha256()) > 0);
  return identity;
}

std::vector<tls::Identity> one_identity(KeyKind kind) {
  std::vector<tls::Identity> identities;
  identities.push_back(make_identity(kind));
  return identities;
}

}  // namespace sluice::bench
