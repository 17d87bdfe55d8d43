// What a server's handshake sends, which is most of what it costs.
#include <gtest/gtest.h>

#include "tests/support/certificates.h"
#include "tests/support/memory_stream.h"
#include "tls/context.h"
#include "tls/session.h"

namespace sluice::tls {
namespace {

// The client's side is OpenSSL itself, so that its view can be looked at.
struct Visit {
  explicit Visit(const Context& context) : client_context(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_sess_set_new_cb(client_context.get(), [](SSL* ssl, SSL_SESSION*) {
      ++*static_cast<int*>(SSL_get_app_data(ssl));
      return 0;
    });
    SSL_CTX_set_session_cache_mode(client_context.get(), SSL_SESS_CACHE_CLIENT);
    client.reset(SSL_new(client_context.get()));
    SSL_set_app_data(client.get(), &tickets);
    SSL_set_bio(client.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(client.get());
    EXPECT_TRUE(server.accept(context, pipe.server));
    for (int round = 0; round < 4; ++round) {
      char octets[16'384];
      SSL_read(client.get(), octets, 1);
      for (int n; (n = BIO_read(SSL_get_wbio(client.get()), octets, sizeof octets)) > 0;)
        pipe.server.arrived.append(octets, static_cast<std::size_t>(n));
      server.handshake();
      BIO_write(SSL_get_rbio(client.get()), pipe.client.arrived.data(),
                static_cast<int>(pipe.client.arrived.size()));
      pipe.client.arrived.clear();
    }
    EXPECT_TRUE(server.established());
  }
  SslContextPtr client_context;
  SslPtr client;
  test::MemoryPipe pipe;
  Session server;
  int tickets = 0;
};

TEST(TlsChain, OnlyWhatTheFileHoldsIsSentAlthoughTheIssuerIsKnown) {
  const Identity issuer = test::make_identity("ca.example");
  std::vector<Identity> identities;
  identities.push_back(test::make_identity("mx.example", issuer));
  ServerSettings settings{.client_certificates = ClientCertificates::ask};
  X509_up_ref(issuer.certificate.get());
  settings.authorities.emplace_back(issuer.certificate.get());
  const auto context = *Context::server(std::move(identities), std::move(settings));
  const Visit visit(*context);
  EXPECT_EQ(sk_X509_num(SSL_get_peer_cert_chain(visit.client.get())), 1);
}

TEST(TlsChain, OneTicketIsGiven) {
  std::vector<Identity> identities;
  identities.push_back(test::make_identity("mx.example"));
  const auto context = *Context::server(std::move(identities), {});
  const Visit visit(*context);
  EXPECT_EQ(visit.tickets, 1);
}

}  // namespace
}  // namespace sluice::tls
