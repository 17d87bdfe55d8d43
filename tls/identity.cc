#include "tls/identity.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <utility>

#include "tls/failure.h"

namespace sluice::tls {
namespace {

std::unexpected<std::string> failed(const std::string& file, std::string_view what) {
  clear_errors();
  return std::unexpected(file + ": " + std::string(what));
}

BioPtr open(const std::string& file) noexcept {
  clear_errors();
  return BioPtr(BIO_new_file(file.c_str(), "rb"));
}

// The certificates of the file in their order; a file that holds no PEM is taken for one in DER.
std::vector<CertificatePtr> read_certificates(BIO* bio) {
  std::vector<CertificatePtr> found;
  while (X509* certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr))
    found.emplace_back(certificate);
  if (!found.empty()) return found;
  BIO_seek(bio, 0);
  if (X509* certificate = d2i_X509_bio(bio, nullptr)) found.emplace_back(certificate);
  return found;
}

// A password is never asked for: an encrypted key is a key that cannot be read.
int no_password(char*, int, int, void*) noexcept { return 0; }

KeyPtr read_key(BIO* bio) noexcept {
  KeyPtr key(PEM_read_bio_PrivateKey(bio, nullptr, no_password, nullptr));
  if (key) return key;
  BIO_seek(bio, 0);
  return KeyPtr(d2i_PrivateKey_bio(bio, nullptr));
}

// Each certificate must be the issuer of the one before it.
bool in_order(const Identity& identity) noexcept {
  X509* below = identity.certificate.get();
  for (const CertificatePtr& issuer : identity.chain) {
    if (X509_check_issued(issuer.get(), below) != X509_V_OK) return false;
    below = issuer.get();
  }
  return true;
}

}  // namespace

std::expected<Identity, std::string> load_identity(const std::string& certificate_file,
                                                   const std::string& key_file) {
  const BioPtr certificates = open(certificate_file);
  if (!certificates) return failed(certificate_file, "cannot be opened");
  std::vector<CertificatePtr> found = read_certificates(certificates.get());
  if (found.empty()) return failed(certificate_file, "holds no certificate, neither PEM nor DER");
  Identity identity;
  identity.certificate = std::move(found.front());
  for (std::size_t i = 1; i < found.size(); ++i) identity.chain.push_back(std::move(found[i]));
  if (!in_order(identity))
    return failed(certificate_file,
                  "the certificates are not in order: each must be followed by its issuer");
  const std::string& key_source = key_file.empty() ? certificate_file : key_file;
  const BioPtr key = open(key_source);
  if (!key) return failed(key_source, "cannot be opened");
  identity.key = read_key(key.get());
  if (!identity.key)
    return failed(key_source, "holds no private key that can be read (encrypted?)");
  if (X509_check_private_key(identity.certificate.get(), identity.key.get()) != 1)
    return failed(key_source, "is not the key of the certificate in " + certificate_file);
  clear_errors();
  return identity;
}

}  // namespace sluice::tls
