// Certificates as operators bring them: any encoding, any order, with and without what belongs to
// them.
#include "tls/bundle.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>

#include "tests/support/certificates.h"
#include "tls/certificate.h"
#include "tls/chain.h"
#include "tls/issue.h"
#include "tls/pkcs12.h"

namespace sluice::tls {
namespace {

using test::make_identity;

std::string der_of(const Identity& identity) {
  unsigned char* octets = nullptr;
  const int length = i2d_X509(identity.certificate.get(), &octets);
  std::string der(reinterpret_cast<char*>(octets), static_cast<std::size_t>(length));
  OPENSSL_free(octets);
  return der;
}

Secret secret(std::string_view text) {
  Secret made(text.size() + 1);
  made.text().assign(text);
  return made;
}

class TlsChainOf : public testing::Test {
 protected:
  std::expected<Arranged, std::string> arranged(std::vector<const Identity*> from) {
    std::vector<CertificatePtr> found;
    for (const Identity* one : from) found.push_back(share(one->certificate));
    return arrange(std::move(found), mx.key.get(), authorities);
  }
  // The fault, or the notes.
  std::string said(std::vector<const Identity*> from) {
    const auto done = arranged(std::move(from));
    if (!done) return done.error();
    std::string text;
    for (const std::string& note : done->notes) text += note + "\n";
    return text;
  }

  Identity root = make_identity("root.example");
  Identity middle = test::make_authority("middle.example", root);
  Identity mx = make_identity("mx.example", middle);
  Authorities authorities;
};

TEST_F(TlsChainOf, ACompleteChainInOrderNeedsNoWord) {
  const auto done = arranged({&mx, &middle, &root});
  ASSERT_TRUE(done) << done.error();
  EXPECT_TRUE(done->notes.empty());
  EXPECT_EQ(done->identity.chain.size(), 2u);
}

TEST_F(TlsChainOf, WrongOrderIsMendedAndSaid) {
  const auto done = arranged({&root, &middle, &mx});
  ASSERT_TRUE(done) << done.error();
  EXPECT_EQ(X509_cmp(done->identity.certificate.get(), mx.certificate.get()), 0);
  EXPECT_EQ(X509_cmp(done->identity.chain[0].get(), middle.certificate.get()), 0);
  EXPECT_EQ(said({&root, &middle, &mx}), "the certificates were not in order: mended\n");
}

TEST_F(TlsChainOf, ADuplicateIntermediateIsNamedAndDropped) {
  EXPECT_EQ(said({&mx, &middle, &middle, &root}), "duplicate: \"CN=middle.example\" (serial " +
                                                      facts_of(middle.certificate.get()).serial +
                                                      ") stood there again: dropped\n");
  EXPECT_EQ(arranged({&mx, &middle, &middle, &root})->identity.chain.size(), 2u);
}

TEST_F(TlsChainOf, AMissingIntermediateIsAnErrorThatNamesItsIssuer) {
  EXPECT_EQ(said({&mx, &root})
                .find("missing intermediate: \"CN=mx.example\" was issued by "
                      "\"CN=middle.example\", which is neither in the file nor in "
                      "the CA store"),
            0u);
}

TEST_F(TlsChainOf, TheRootMayStandInTheCaStoreAndAnIntermediateIsTakenFromThere) {
  authorities.push_back(share(root.certificate));
  EXPECT_EQ(said({&mx, &middle}), "");
  authorities.push_back(share(middle.certificate));
  EXPECT_EQ(said({&mx}), "intermediate \"CN=middle.example\" was added from the CA store\n");
}

TEST_F(TlsChainOf, AStrangerIsNamedAndDropped) {
  const Identity stranger = make_identity("stranger.example");
  EXPECT_EQ(said({&mx, &middle, &root, &stranger}),
            "\"CN=stranger.example\" does not belong to the chain: dropped\n");
}

TEST_F(TlsChainOf, AKeyOfAnotherCertificateIsRefusedWithBothIds) {
  const Identity other = make_identity("mx.example", middle);
  EXPECT_EQ(said({&other}), "the key does not belong to the certificate: the key's id is " +
                                facts_of(mx.certificate.get()).key_id +
                                "; that of \"CN=mx.example\" is " +
                                facts_of(other.certificate.get()).key_id);
}

TEST_F(TlsChainOf, IsVerifiedAsAThirdPartyWould) {
  const auto done = arranged({&mx, &middle, &root});
  const Identity& identity = done->identity;
  ChainVerdict verdict = verify_chain(identity.certificate.get(), identity.chain, {});
  EXPECT_FALSE(verdict.verified);
  EXPECT_EQ(verdict.fault, "self-signed certificate in certificate chain");
  EXPECT_EQ(verdict.fault_subject, "CN=root.example");
  authorities.push_back(share(root.certificate));
  verdict = verify_chain(identity.certificate.get(), identity.chain, authorities);
  EXPECT_TRUE(verdict.verified && verdict.by_own_authority);
}

TEST(TlsBundle, PemAndDerAreToldApart) {
  const Identity mx = make_identity("mx.example");
  const Bundle pem = parse_bundle(as_bytes(test::certificate_pem(mx) + test::key_pem(mx)));
  EXPECT_EQ(pem.certificates.size(), 1u);
  EXPECT_TRUE(pem.key);
  EXPECT_EQ(parse_bundle(as_bytes(der_of(mx))).certificates.size(), 1u);
  EXPECT_TRUE(parse_bundle(as_bytes("neither")).empty());
}

TEST(TlsBundle, AnEncryptedKeyIsNoticed) {
  const Identity mx = make_identity("mx.example");
  const BioPtr bio(BIO_new(BIO_s_mem()));
  char password[] = "password";
  PEM_write_bio_PrivateKey(bio.get(), mx.key.get(), EVP_aes_256_cbc(), nullptr, 0, nullptr,
                           password);
  char* octets = nullptr;
  const long length = BIO_get_mem_data(bio.get(), &octets);
  const Bundle found = parse_bundle(as_bytes({octets, static_cast<std::size_t>(length)}));
  EXPECT_FALSE(found.key);
  EXPECT_TRUE(found.key_is_encrypted);
}

TEST(TlsBundle, WhatIsWrittenIsReadAgain) {
  const Identity made = *make_self_signed({.hosts = {"mx.example", "also.example"}});
  Bundle bundle;
  bundle.certificates.push_back(share(made.certificate));
  EVP_PKEY_up_ref(made.key.get());
  bundle.key.reset(made.key.get());
  const Bundle read = parse_bundle(to_pem(bundle).octets());
  ASSERT_EQ(read.certificates.size(), 1u);
  EXPECT_EQ(key_id(read.key.get()), key_id(made.key.get()));
}

TEST(TlsIssue, ASelfSignedCertificateSaysWhatItIs) {
  for (const KeyType type : {KeyType::ecdsa, KeyType::rsa}) {
    const Identity made = *make_self_signed({.hosts = {"mx.example", "b.example"}, .key = type});
    const CertificateFacts facts = facts_of(made.certificate.get());
    EXPECT_TRUE(facts.self_signed);
    EXPECT_FALSE(facts.authority);
    EXPECT_EQ(facts.subject, "CN=mx.example");
    EXPECT_EQ(facts.names, (std::vector<std::string>{"mx.example", "b.example"}));
    EXPECT_EQ(facts.key_kind, type == KeyType::rsa ? "RSA 2048" : "ECDSA P-256");
    EXPECT_EQ(verify_chain(made.certificate.get(), {}, {}).fault, "self-signed certificate");
  }
}

TEST(TlsIssue, ASelfSignedCertificateIsAWholeChain) {
  const Identity made = *make_self_signed({.hosts = {"mx.example"}});
  std::vector<CertificatePtr> found;
  found.push_back(share(made.certificate));
  const auto done = arrange(std::move(found), made.key.get(), {});
  EXPECT_TRUE(done) << done.error();
}

TEST(TlsIssue, ARequestIsSignedByItsKey) {
  const Request made = *make_request({.hosts = {"mx.example"}});
  EXPECT_EQ(X509_REQ_verify(made.request.get(), made.key.get()), 1);
}

TEST(TlsPkcs12, RoundTripKeepsKeyCertificateAndChain) {
  const Identity root = make_identity("root.example");
  Identity mx = make_identity("mx.example", root);
  mx.chain.push_back(share(root.certificate));
  const auto file = write_pkcs12(mx, "mx", secret("correct horse"));
  ASSERT_TRUE(file) << file.error();
  const auto read = read_pkcs12(file->octets(), secret("correct horse"));
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(facts_of(read->certificates.at(0).get()).fingerprint,
            facts_of(mx.certificate.get()).fingerprint);
  EXPECT_EQ(read->certificates.size(), 2u);
  EXPECT_EQ(key_id(read->key.get()), key_id(mx.key.get()));
}

TEST(TlsPkcs12, ErrorsTellAWrongPasswordFromAWrongFile) {
  const Identity mx = make_identity("mx.example");
  const auto file = write_pkcs12(mx, "mx", secret("correct horse"));
  EXPECT_EQ(read_pkcs12(file->octets(), secret("wrong")).error(), "the password is wrong");
  EXPECT_EQ(read_pkcs12(file->octets(), secret("")).error(), "the password is wrong");
  EXPECT_EQ(read_pkcs12(as_bytes("text"), secret("")).error(), "is no PKCS#12 file");
  EXPECT_EQ(write_pkcs12(mx, "mx", secret("")).error(), "the password is empty");
}

}  // namespace
}  // namespace sluice::tls
