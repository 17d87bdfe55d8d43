// Certificates and keys from files, and what an operator is told about the wrong ones.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/certificates.h"
#include "tls/identity.h"

namespace sluice::tls {
namespace {

using test::certificate_pem;
using test::key_pem;
using test::KeyKind;
using test::make_identity;

class TlsIdentity : public testing::Test {
 protected:
  TlsIdentity() : folder_(testing::TempDir() + "sluice_identity") {
    std::filesystem::create_directories(folder_);
  }
  ~TlsIdentity() override { std::filesystem::remove_all(folder_); }

  std::string file(const std::string& name, const std::string& text) {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  std::string error(const std::string& certificate, const std::string& key) {
    const auto loaded = load_identity(certificate, key);
    return loaded ? "" : loaded.error();
  }

 private:
  std::string folder_;
};

TEST_F(TlsIdentity, IsReadFromPemFiles) {
  const Identity made = make_identity("mx.example");
  const auto loaded = load_identity(file("c.pem", certificate_pem(made)), file("k", key_pem(made)));
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_EQ(X509_cmp(loaded->certificate.get(), made.certificate.get()), 0);
}

TEST_F(TlsIdentity, KeyAndChainMayStandInTheSameFile) {
  const Identity issuer = make_identity("ca.example");
  const Identity made = make_identity("mx.example", issuer);
  const auto all = certificate_pem(made) + certificate_pem(issuer) + key_pem(made);
  const auto loaded = load_identity(file("all.pem", all), "");
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_EQ(loaded->chain.size(), 1u);
}

TEST_F(TlsIdentity, IsReadFromDer) {
  const Identity made = make_identity("mx.example");
  unsigned char* octets = nullptr;
  const int length = i2d_X509(made.certificate.get(), &octets);
  const std::string der(reinterpret_cast<char*>(octets), static_cast<std::size_t>(length));
  OPENSSL_free(octets);
  EXPECT_TRUE(load_identity(file("c.der", der), file("k", key_pem(made))));
}

TEST_F(TlsIdentity, ErrorsNameTheFileAndTheFault) {
  const Identity issuer = make_identity("ca.example");
  const Identity made = make_identity("mx.example", issuer);
  const std::string good = file("c.pem", certificate_pem(made));
  EXPECT_NE(error("/nonexistent.pem", "").find("/nonexistent.pem: cannot be opened"),
            std::string::npos);
  EXPECT_NE(error(file("t", "text"), "").find("holds no certificate"), std::string::npos);
  EXPECT_NE(error(good, file("x", "text")).find("holds no private key"), std::string::npos);
  EXPECT_NE(error(good, file("k", key_pem(issuer))).find("is not the key of the certificate"),
            std::string::npos);
  const auto turned = certificate_pem(issuer) + certificate_pem(made) + key_pem(issuer);
  EXPECT_NE(error(file("turned", turned), "").find("not in order"), std::string::npos);
}

}  // namespace
}  // namespace sluice::tls
