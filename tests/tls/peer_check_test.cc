// Certificates against policies: chain, names, DANE.
#include "tls/peer_check.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <fstream>

#include "tests/support/certificates.h"
#include "tests/support/memory_stream.h"
#include "tls/context.h"
#include "tls/session.h"

namespace sluice::tls {
namespace {

using test::make_identity;

std::vector<std::uint8_t> der_of(const Identity& identity, int selector) {
  unsigned char* octets = nullptr;
  const int length = selector == 0 ? i2d_X509(identity.certificate.get(), &octets)
                                   : i2d_PUBKEY(identity.key.get(), &octets);
  std::vector<std::uint8_t> der(octets, octets + length);
  OPENSSL_free(octets);
  return der;
}

TlsaRecord tlsa(int usage, int selector, int matching, const Identity& identity) {
  std::vector<std::uint8_t> data = der_of(identity, selector);
  if (matching != 0) {
    std::uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    EVP_Digest(data.data(), data.size(), digest, &length,
               matching == 1 ? EVP_sha256() : EVP_sha512(), nullptr);
    data.assign(digest, digest + length);
  }
  return {static_cast<std::uint8_t>(usage), static_cast<std::uint8_t>(selector),
          static_cast<std::uint8_t>(matching), data};
}

class TlsPeerCheck : public testing::Test {
 protected:
  // What the server shows, and whom the client trusts.
  void serve(Identity shown, std::vector<Identity> issuers = {}) {
    for (Identity& issuer : issuers) shown.chain.push_back(std::move(issuer.certificate));
    std::vector<Identity> identities;
    identities.push_back(std::move(shown));
    server_context = *Context::server(std::move(identities), {});
  }
  void trust(const Identity& authority) {
    const std::string file = testing::TempDir() + "peer_check_ca.pem";
    std::ofstream(file) << test::certificate_pem(authority);
    client_context = *Context::client({.ca_file = file});
  }
  PeerCheck check(const PeerPolicy& policy) {
    test::MemoryPipe pipe;
    Session server, client;
    if (!client_context) client_context = *Context::client({});
    EXPECT_TRUE(server.accept(*server_context, pipe.server));
    EXPECT_TRUE(client.connect(*client_context, pipe.client, policy));
    for (int round = 0; round < 5; ++round) {
      outcome = client.handshake();
      server.handshake();
    }
    const char* asked = server.server_name();
    server_name = asked != nullptr ? asked : "";
    return client.peer(policy);
  }

  Identity authority = make_identity("ca.example");
  std::shared_ptr<const Context> server_context, client_context;
  Outcome outcome{};
  std::string server_name;
};

PeerPolicy policy(Level level, std::string name, std::vector<TlsaRecord> records = {}) {
  return {.level = level,
          .server_name = std::move(name),
          .names = {},
          .tlsa = std::move(records),
          .context = {}};
}

TEST_F(TlsPeerCheck, AChainToATrustedAuthorityWithTheRightNameIsVerified) {
  serve(make_identity("mx.example.com", authority));
  trust(authority);
  const PeerCheck found = check(policy(Level::required_verify, "mx.example.com"));
  EXPECT_EQ(outcome, Outcome::done);
  EXPECT_TRUE(found.verified);
  EXPECT_EQ(server_name, "mx.example.com");
}

TEST_F(TlsPeerCheck, AnUntrustedCertificateIsNamedAsSuch) {
  serve(make_identity("mx.example.com"));
  const PeerCheck found = check(policy(Level::required_verify, "mx.example.com"));
  EXPECT_EQ(outcome, Outcome::done);
  EXPECT_FALSE(found.verified);
  EXPECT_EQ(found.reason, "self-signed certificate");
}

TEST_F(TlsPeerCheck, AnotherNameIsRefusedAndBothAreNamed) {
  serve(make_identity("mail.example.com", authority));
  trust(authority);
  const PeerCheck found = check(policy(Level::required_verify, "mx.example.com"));
  EXPECT_FALSE(found.verified);
  EXPECT_EQ(found.reason, "the certificate is for mail.example.com and not for mx.example.com");
}

TEST_F(TlsPeerCheck, AnyOfThePolicysNamesWillDo) {
  serve(make_identity("a.mail.example.com", authority));
  trust(authority);
  PeerPolicy wanted = policy(Level::required_verify, "example.com");
  wanted.names = {"mx.example.com", ".mail.example.com"};
  EXPECT_TRUE(check(wanted).verified);
}

TEST_F(TlsPeerCheck, AWildcardStandsForOneWholeLabel) {
  trust(authority);
  serve(make_identity("*.example.com", authority));
  EXPECT_TRUE(check(policy(Level::required_verify, "mx.example.com")).verified);
  EXPECT_FALSE(check(policy(Level::required_verify, "a.mx.example.com")).verified);
  serve(make_identity("m*.example.com", authority));
  EXPECT_FALSE(check(policy(Level::required_verify, "mx.example.com")).verified);
}

TEST_F(TlsPeerCheck, WithoutANameNothingIsVerified) {
  serve(make_identity("mx.example.com", authority));
  trust(authority);
  EXPECT_FALSE(check(policy(Level::preferred_verify, "")).verified);
  EXPECT_EQ(outcome, Outcome::done);
  EXPECT_EQ(server_name, "");
}

TEST_F(TlsPeerCheck, AnAddressIsNotSentAsServerName) {
  serve(make_identity("mx.example.com"));
  check(policy(Level::preferred, "192.0.2.1"));
  EXPECT_EQ(outcome, Outcome::done);
  EXPECT_EQ(server_name, "");
}

TEST_F(TlsPeerCheck, DaneEndEntityNeedsNeitherAuthorityNorName) {
  for (int selector : {0, 1})
    for (int matching : {0, 1, 2}) {
      Identity shown = make_identity("other.example.net");
      const TlsaRecord record = tlsa(3, selector, matching, shown);
      serve(std::move(shown));
      const PeerCheck found = check(policy(Level::required_verify, "mx.example.com", {record}));
      EXPECT_EQ(outcome, Outcome::done) << selector << ' ' << matching;
      EXPECT_TRUE(found.verified && found.by_dane) << found.reason;
    }
}

TEST_F(TlsPeerCheck, ATrustedAuthorityDoesNotCountWhereDaneDecides) {
  serve(make_identity("mx.example.com", authority));
  trust(authority);
  const TlsaRecord record = tlsa(3, 1, 1, make_identity("mx.example.com"));
  const PeerCheck found = check(policy(Level::required_verify, "mx.example.com", {record}));
  EXPECT_FALSE(found.verified);
  EXPECT_EQ(found.code, X509_V_ERR_DANE_NO_MATCH);
}

TEST_F(TlsPeerCheck, OneMatchingRecordOfSeveralIsEnough) {
  Identity shown = make_identity("mx.example.com");
  const TlsaRecord good = tlsa(3, 1, 1, shown), old = tlsa(3, 1, 1, authority);
  serve(std::move(shown));
  EXPECT_TRUE(check(policy(Level::required_verify, "mx.example.com", {old, good})).verified);
}

TEST_F(TlsPeerCheck, DaneTrustAnchorVouchesForItsChainAndTheNameCounts) {
  const TlsaRecord record = tlsa(2, 0, 1, authority);
  Identity shown = make_identity("mx.example.com", authority);
  std::vector<Identity> chain;
  chain.push_back(std::move(authority));
  serve(std::move(shown), std::move(chain));
  EXPECT_TRUE(check(policy(Level::required_verify, "mx.example.com", {record})).verified);
  const PeerCheck other = check(policy(Level::required_verify, "mx.example.net", {record}));
  EXPECT_FALSE(other.verified);
  EXPECT_EQ(other.code, X509_V_ERR_HOSTNAME_MISMATCH);
}

TEST_F(TlsPeerCheck, RecordsThatSmtpDoesNotKnowAreNotUsable) {
  TlsaRecord record = tlsa(3, 1, 1, authority);
  EXPECT_TRUE(is_usable(record));
  record.usage = 1;  // RFC 7672 3.1.3
  EXPECT_FALSE(is_usable(record));
  record.usage = 2;
  EXPECT_TRUE(is_usable(record));
  record.data.pop_back();
  EXPECT_FALSE(is_usable(record));
  Session client;
  test::MemoryPipe pipe;
  client_context = *Context::client({});
  EXPECT_FALSE(client.connect(*client_context, pipe.client,
                              policy(Level::required_verify, "mx.example.com", {record})));
}

TEST_F(TlsPeerCheck, OurOwnCertificateIsShownToAServerThatAsks) {
  const Identity own = make_identity("gateway.example.net");
  std::vector<Identity> identities;
  identities.push_back(make_identity("mx.example.com"));
  ServerSettings settings{.client_certificates = ClientCertificates::require};
  X509_up_ref(own.certificate.get());
  settings.authorities.emplace_back(own.certificate.get());
  server_context = *Context::server(std::move(identities), std::move(settings));
  for (const Identity* shown : {&own, static_cast<const Identity*>(nullptr)}) {
    test::MemoryPipe pipe;
    Session server, client;
    client_context = *Context::client({}, shown);
    ASSERT_TRUE(server.accept(*server_context, pipe.server));
    ASSERT_TRUE(client.connect(*client_context, pipe.client, policy(Level::required, "")));
    for (int round = 0; round < 5; ++round) {
      client.handshake();
      outcome = server.handshake();
    }
    EXPECT_EQ(outcome, shown != nullptr ? Outcome::done : Outcome::failed);
  }
}

}  // namespace
}  // namespace sluice::tls
