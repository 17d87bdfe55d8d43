#include "tls/context.h"

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

std::unexpected<std::string> failed(std::string_view what) {
  const Failure failure = take_failure("no detail");
  return std::unexpected(std::string(what) + ": " + std::string(failure.view()));
}

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

int verify_mode(PeerCertificate peer, bool server) noexcept {
  switch (peer) {
    case PeerCertificate::ignore: return SSL_VERIFY_NONE;
    case PeerCertificate::optional: return SSL_VERIFY_PEER;
    default: return server ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT : SSL_VERIFY_PEER;
  }
}

bool set_trust(SSL_CTX* context, const TrustSettings& trust, bool server) {
  SSL_CTX_set_verify(context, verify_mode(trust.peer, server), nullptr);
  if (trust.ca_file.empty()) return SSL_CTX_set_default_verify_paths(context) == 1;
  return SSL_CTX_load_verify_file(context, trust.ca_file.c_str()) == 1;
}

bool use(SSL_CTX* context, const Identity& identity) {
  if (SSL_CTX_use_certificate(context, identity.certificate.get()) != 1 ||
      SSL_CTX_use_PrivateKey(context, identity.key.get()) != 1)
    return false;
  for (const CertificatePtr& issuer : identity.chain)
    if (SSL_CTX_add1_chain_cert(context, issuer.get()) != 1) return false;
  return true;
}

}  // namespace

std::expected<std::shared_ptr<const Context>, std::string> Context::server(
    std::vector<Identity> identities, const TrustSettings& trust) {
  clear_errors();
  SslContextPtr context(SSL_CTX_new(TLS_server_method()));
  if (!context || !set_protocol(context.get())) return failed("TLS could not be set up");
  for (const Identity& identity : identities)
    if (!use(context.get(), identity)) return failed("a certificate could not be used");
  SSL_CTX_set_num_tickets(context.get(), 1);  // TLS 1.3 would send two, each a tenth of a handshake
  if (!set_trust(context.get(), trust, true)) return failed("CA file " + trust.ca_file);
  return std::shared_ptr<const Context>(new Context(std::move(context)));
}

std::expected<std::shared_ptr<const Context>, std::string> Context::client(
    const TrustSettings& trust, const Identity* own) {
  clear_errors();
  SslContextPtr context(SSL_CTX_new(TLS_client_method()));
  if (!context || !set_protocol(context.get())) return failed("TLS could not be set up");
  if (!set_trust(context.get(), trust, false)) return failed("CA file " + trust.ca_file);
  if (own && !use(context.get(), *own)) return failed("a certificate could not be used");
  if (SSL_CTX_dane_enable(context.get()) != 1) return failed("DANE could not be set up");
  return std::shared_ptr<const Context>(new Context(std::move(context)));
}

}  // namespace sluice::tls
