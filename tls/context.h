// What the TLS connections of one listener, or of all deliveries, have in common: protocol
// versions, ciphers, groups, certificates, ticket keys. Immutable once made and shared by all
// workers; a change of configuration makes another one, and the sessions of the old one live on.
// It outlives its sessions.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "tls/handle.h"
#include "tls/identity.h"

namespace sluice::tls {

class Faces;
class TicketKeys;

enum class PeerCertificate : std::uint8_t { ignore, optional, required };

struct TrustSettings {
  std::string ca_file;  // empty: the system's
  PeerCertificate peer = PeerCertificate::ignore;
};

// ask: the session goes on whatever the client shows; require: it must verify.
enum class ClientCertificates : std::uint8_t { off, ask, require };

struct ServerSettings {
  std::string name;  // of the listener: a ticket of one is not taken by another
  ClientCertificates client_certificates = ClientCertificates::off;
  std::vector<CertificatePtr> authorities;    // that issue the certificates of clients
  bool resumption = true;                     // tickets at all
  std::shared_ptr<const TicketKeys> tickets;  // null: keys of this context alone
  Duration ticket_life = hours(12);
};

class Context {
 public:
  // A client is shown the identities that are for the host it asks for (SNI, RFC 6066 3), and of
  // those the one of the kind of key that it takes. A client that asks for no host of theirs gets
  // the first of each kind.
  static std::expected<std::shared_ptr<const Context>, std::string> server(
      std::vector<Identity> identities, ServerSettings settings);
  // `own`, when there is one, is shown to a server that asks for a certificate.
  static std::expected<std::shared_ptr<const Context>, std::string> client(
      const TrustSettings& trust, const Identity* own = nullptr);
  ~Context();

  SSL_CTX* get() const noexcept { return context_.get(); }

 private:
  explicit Context(SslContextPtr context);
  Context(SslContextPtr context, std::unique_ptr<const Faces> faces);

  std::unique_ptr<const Faces> faces_;  // of a server
  SslContextPtr context_;
};

}  // namespace sluice::tls
