// What a listener shows to whom: certificates by name and kind of key, stapled responses, and what
// it asks of the client's own certificate.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include <openssl/ocsp.h>

#include "tests/support/certificates.h"
#include "tests/tls/raw_client.h"
#include "tls/context.h"
#include "tls/ocsp.h"

namespace sluice::tls {
namespace {

using test::KeyKind;
using test::make_identity;
using test::RawClient;

Identity copy(const Identity& from) {
  Identity to;
  X509_up_ref(from.certificate.get());
  to.certificate.reset(from.certificate.get());
  EVP_PKEY_up_ref(from.key.get());
  to.key.reset(from.key.get());
  return to;
}

template <class... Some>
std::vector<Identity> all_of(const Some&... some) {
  std::vector<Identity> identities;
  (identities.push_back(copy(some)), ...);
  return identities;
}

class TlsServer : public testing::Test {
 protected:
  X509* shown_to(const std::string& host, const char* signatures = nullptr) {
    client.host = host;
    if (signatures) SSL_CTX_set1_sigalgs_list(client.context.get(), signatures);
    return client.connect(*context) ? client.shown() : nullptr;
  }
  void serve(std::vector<Identity> identities, ServerSettings settings = {}) {
    auto made = Context::server(std::move(identities), std::move(settings));
    ASSERT_TRUE(made) << made.error();
    context = *made;
  }

  Identity one = make_identity("one.example"), two = make_identity("two.example");
  std::shared_ptr<const Context> context;
  RawClient client;
};

bool same(X509* shown, const Identity& identity) {
  return shown != nullptr && X509_cmp(shown, identity.certificate.get()) == 0;
}

TEST_F(TlsServer, TheHostThatAClientAsksForPicksTheCertificate) {
  serve(all_of(one, two));
  EXPECT_TRUE(same(shown_to("two.example"), two));
  EXPECT_TRUE(same(shown_to("one.example"), one));
  EXPECT_TRUE(same(shown_to("TWO.Example"), two));
}

TEST_F(TlsServer, AClientThatAsksForNoHostOfOursGetsTheFirst) {
  serve(all_of(one, two));
  EXPECT_TRUE(same(shown_to(""), one));
  EXPECT_TRUE(same(shown_to("elsewhere.example"), one));
  EXPECT_TRUE(same(shown_to(std::string(250, 'x')), one));
}

TEST_F(TlsServer, AWildcardIsOneWholeLabelAndGivesWayToTheVeryName) {
  const Identity wild = make_identity("*.hosts.example");
  const Identity exact = make_identity("a.hosts.example");
  serve(all_of(one, wild, exact));
  EXPECT_TRUE(same(shown_to("b.hosts.example"), wild));
  EXPECT_TRUE(same(shown_to("a.hosts.example"), exact));
  EXPECT_TRUE(same(shown_to("c.b.hosts.example"), one));
  EXPECT_TRUE(same(shown_to("hosts.example"), one));
}

TEST_F(TlsServer, TwoKindsOfKeyServeOneHostSideBySide) {
  const Identity rsa = make_identity("two.example", KeyKind::rsa);
  serve(all_of(one, two, rsa));
  EXPECT_TRUE(same(shown_to("two.example", "ECDSA+SHA256"), two));
  EXPECT_TRUE(same(shown_to("two.example", "RSA-PSS+SHA256:RSA+SHA256"), rsa));
  // There is no other RSA certificate: it is the first of its kind for every host.
  EXPECT_TRUE(same(shown_to("", "RSA-PSS+SHA256:RSA+SHA256"), rsa));
}

TEST_F(TlsServer, AnOcspResponseIsStapledToTheCertificateThatItIsAbout) {
  const Identity issuer = make_identity("ca.example");
  Identity with = make_identity("with.example", issuer);
  X509_up_ref(issuer.certificate.get());
  with.chain.emplace_back(issuer.certificate.get());
  const std::string der = test::ocsp_response(with, issuer, V_OCSP_CERTSTATUS_GOOD, -60, 3600);
  with.staple = {.response = {der.begin(), der.end()}, .good_until = INT64_MAX};
  std::vector<Identity> identities = all_of(one);
  identities.push_back(std::move(with));
  serve(std::move(identities));
  client.wants_staple = true;
  ASSERT_TRUE(shown_to("with.example"));
  EXPECT_EQ(client.staple(), der);
  ASSERT_TRUE(shown_to("one.example"));
  EXPECT_EQ(client.staple(), "");
}

TEST_F(TlsServer, AnOcspResponseThatHasRunOutIsNotSent) {
  Identity stale = make_identity("stale.example");
  stale.staple = {.response = {1, 2, 3}, .good_until = 1};
  std::vector<Identity> identities;
  identities.push_back(std::move(stale));
  serve(std::move(identities));
  client.wants_staple = true;
  ASSERT_TRUE(shown_to(""));
  EXPECT_EQ(client.staple(), "");
}

TEST_F(TlsServer, AnOcspResponseIsCheckedWhenItIsLoaded) {
  const Identity issuer = make_identity("ca.example");
  Identity with = make_identity("with.example", issuer);
  X509_up_ref(issuer.certificate.get());
  with.chain.emplace_back(issuer.certificate.get());
  const std::string path = testing::TempDir() + "sluice_ocsp.der";
  auto fault = [&](const std::string& der) {
    std::ofstream(path, std::ios::binary) << der;
    const auto staple = load_staple(path, with);
    return staple ? "" : staple.error();
  };
  using test::ocsp_response;
  EXPECT_EQ(fault(ocsp_response(with, issuer, V_OCSP_CERTSTATUS_GOOD, -60, 3600)), "");
  EXPECT_EQ(fault(ocsp_response(with, issuer, V_OCSP_CERTSTATUS_GOOD, -9000, -3600)),
            path + ": is out of date; fetch it anew");
  EXPECT_EQ(fault(ocsp_response(with, issuer, V_OCSP_CERTSTATUS_REVOKED, -60, 3600)),
            path + ": says that the certificate is revoked");
  EXPECT_NE(fault(ocsp_response(one, issuer, V_OCSP_CERTSTATUS_GOOD, -60, 3600))
                .find("is not about the certificate with serial"),
            std::string::npos);
  EXPECT_EQ(fault("text"), path + ": holds no OCSP response with an answer (DER)");
  const std::string good = ocsp_response(with, issuer, V_OCSP_CERTSTATUS_GOOD, -60, 3600);
  for (std::size_t i = 0; i < 150; ++i) {  // what the signature is over, and what is before it
    std::string forged = good;
    forged[i] ^= 1;
    EXPECT_NE(fault(forged), "") << i;
  }
  std::filesystem::remove(path);
}

class TlsClientCertificate : public TlsServer {
 protected:
  TlsClientCertificate() : issuer(make_identity("ca.example")) {}

  bool connect(ClientCertificates level, const Identity* identity) {
    ServerSettings settings{.name = "inbound", .client_certificates = level};
    X509_up_ref(issuer.certificate.get());
    settings.authorities.emplace_back(issuer.certificate.get());
    serve(all_of(one), std::move(settings));
    if (identity) client.show(*identity);
    return client.connect(*context);
  }

  Identity issuer;
};

TEST_F(TlsClientCertificate, OneOfAKnownIssuerIsVerified) {
  const Identity partner = make_identity("partner.example", issuer);
  ASSERT_TRUE(connect(ClientCertificates::require, &partner));
  const ClientCertificate found = client.server.client_certificate();
  EXPECT_TRUE(found.shown && found.verified);
  EXPECT_STREQ(found.subject.data(), "partner.example");
  EXPECT_STREQ(found.issuer.data(), "ca.example");
}

TEST_F(TlsClientCertificate, OneOfAStrangerPassesWhereItIsOnlyAskedFor) {
  ASSERT_TRUE(connect(ClientCertificates::ask, &two));
  const ClientCertificate found = client.server.client_certificate();
  EXPECT_TRUE(found.shown);
  EXPECT_FALSE(found.verified);
  EXPECT_STREQ(found.fault, "self-signed certificate");
}

TEST_F(TlsClientCertificate, OneOfAStrangerEndsTheHandshakeWhereItIsRequired) {
  EXPECT_FALSE(connect(ClientCertificates::require, &two));
  EXPECT_NE(client.server.failure().view().find("certificate verify failed"),
            std::string_view::npos);
}

TEST_F(TlsClientCertificate, NoneAtAllPassesOnlyWhereItIsNotRequired) {
  EXPECT_TRUE(connect(ClientCertificates::ask, nullptr));
  EXPECT_FALSE(client.server.client_certificate().shown);
  EXPECT_FALSE(connect(ClientCertificates::require, nullptr));
  EXPECT_NE(client.server.failure().view().find("peer did not return a certificate"),
            std::string_view::npos);
}

TEST_F(TlsClientCertificate, ResumptionKeepsWhatWasVerified) {
  const Identity partner = make_identity("partner.example", issuer);
  ASSERT_TRUE(connect(ClientCertificates::require, &partner));
  client.keep_session();
  ASSERT_TRUE(client.connect(*context));
  EXPECT_TRUE(client.resumed());
  EXPECT_TRUE(client.server.client_certificate().verified);
}

}  // namespace
}  // namespace sluice::tls
