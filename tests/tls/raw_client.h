// A TLS client made of OpenSSL alone, so that a test can ask for what our own client never does.
#pragma once

#include <string>
#include <vector>

#include "tests/support/memory_stream.h"
#include "tls/session.h"
#include "tls/stream_bio.h"

namespace sluice::test {

using SessionPtr = std::unique_ptr<SSL_SESSION, tls::Freer<SSL_SESSION_free>>;

class RawClient {
 public:
  RawClient() : context(SSL_CTX_new(TLS_client_method())) {}

  void show(const tls::Identity& identity) const {
    SSL_CTX_use_certificate(context.get(), identity.certificate.get());
    SSL_CTX_use_PrivateKey(context.get(), identity.key.get());
  }
  // Both ends in turn, until neither moves; then the client reads what came behind the handshake.
  bool connect(const tls::Context& server_context) {
    pipe = std::make_unique<MemoryPipe>();
    ssl.reset(SSL_new(context.get()));
    BIO* const bio = tls::make_stream_bio(pipe->client).release();
    SSL_set_bio(ssl.get(), bio, bio);
    if (!host.empty()) SSL_set_tlsext_host_name(ssl.get(), host.c_str());
    if (wants_staple) SSL_set_tlsext_status_type(ssl.get(), TLSEXT_STATUSTYPE_ocsp);
    if (session) SSL_set_session(ssl.get(), session.get());
    server.accept(server_context, pipe->server);
    bool mine = false, other = false;
    for (int round = 0; round < 6; ++round) {
      mine = SSL_connect(ssl.get()) == 1;
      other = server.handshake() == tls::Outcome::done;
    }
    char octet = 0;
    SSL_read(ssl.get(), &octet, 1);
    return mine && other;
  }
  void keep_session() {
    session.reset(SSL_get1_session(ssl.get()));
    SSL_shutdown(ssl.get());  // or it counts as broken off and its session as bad
  }
  bool resumed() const { return SSL_session_reused(ssl.get()) == 1; }
  X509* shown() const { return SSL_get0_peer_certificate(ssl.get()); }
  std::string staple() const {
    const unsigned char* octets = nullptr;
    const long length = SSL_get_tlsext_status_ocsp_resp(ssl.get(), &octets);
    return length <= 0 ? "" : std::string(octets, octets + length);
  }

  tls::SslContextPtr context;
  std::string host;
  bool wants_staple = false;
  SessionPtr session;
  std::unique_ptr<MemoryPipe> pipe;
  tls::Session server;
  tls::SslPtr ssl;
};

}  // namespace sluice::test
