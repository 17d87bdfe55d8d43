#include "tls/protocol.h"

#include "tls/failure.h"

namespace sluice::tls {
namespace {

// X25519 first: the fastest. P-256 must stay, or ECDSA P-256 certificates cannot be used in
// TLS 1.2.
constexpr const char* kHybridGroups = "X25519MLKEM768:X25519:P-256:P-384";
constexpr const char* kGroups = "X25519:P-256:P-384";
// TLS 1.2: forward secrecy and AEAD only.
constexpr const char* kCiphersTls12 =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

}  // namespace

bool set_protocol(SSL_CTX* context) noexcept {
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  // Buffers only while a record is under way; a retried write may come from another address. What
  // the certificate's file holds is sent: looking for more issuers costs as much as four
  // signatures.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN |
                                SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  const bool groups = SSL_CTX_set1_groups_list(context, kHybridGroups) == 1 ||
                      SSL_CTX_set1_groups_list(context, kGroups) == 1;
  clear_errors();  // of a library without the hybrid group
  return groups && SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
         SSL_CTX_set_cipher_list(context, kCiphersTls12) == 1;
}

bool use_identity(SSL_CTX* context, const Identity& identity) {
  if (SSL_CTX_use_certificate(context, identity.certificate.get()) != 1 ||
      SSL_CTX_use_PrivateKey(context, identity.key.get()) != 1 ||
      SSL_CTX_clear_chain_certs(context) != 1)
    return false;
  for (const CertificatePtr& issuer : identity.chain)
    if (SSL_CTX_add1_chain_cert(context, issuer.get()) != 1) return false;
  return true;
}

std::string library_fault(std::string_view what) {
  const Failure failure = take_failure("no detail");
  return std::string(what) + ": " + std::string(failure.view());
}

}  // namespace sluice::tls
