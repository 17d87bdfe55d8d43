// What the TLS connections of one listener, or of all deliveries, have in common: protocol
// versions, ciphers, groups, certificates, ticket keys. Immutable once made and shared by all
// workers; a change of configuration makes another one, and the sessions of the old one live on.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "tls/handle.h"
#include "tls/identity.h"

namespace sluice::tls {

enum class PeerCertificate : std::uint8_t { ignore, optional, required };

struct TrustSettings {
  std::string ca_file;  // empty: the system's
  PeerCertificate peer = PeerCertificate::ignore;
};

class Context {
 public:
  // One identity per kind of key (ECDSA, RSA); the client's offer decides between them.
  static std::expected<std::shared_ptr<const Context>, std::string> server(
      std::vector<Identity> identities, const TrustSettings& trust);
  // `own`, when there is one, is shown to a server that asks for a certificate.
  static std::expected<std::shared_ptr<const Context>, std::string> client(
      const TrustSettings& trust, const Identity* own = nullptr);

  SSL_CTX* get() const noexcept { return context_.get(); }

 private:
  explicit Context(SslContextPtr context) : context_(std::move(context)) {}
  SslContextPtr context_;
};

}  // namespace sluice::tls
