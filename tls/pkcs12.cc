#include "tls/pkcs12.h"

#include <openssl/pkcs12.h>
#include <openssl/provider.h>

#include "tls/failure.h"
#include "tls/protocol.h"

namespace sluice::tls {
namespace {

using Pkcs12Ptr = std::unique_ptr<PKCS12, Freer<PKCS12_free>>;

constexpr int kIterations = 100'000;  // of the derivation of keys from the password

// Older gateways and Windows still export with RC2 and triple DES. The fallback to the default
// provider stays as it was.
class OldCiphers {
 public:
  OldCiphers() noexcept : provider_(OSSL_PROVIDER_try_load(nullptr, "legacy", 1)) {
    clear_errors();
  }
  OldCiphers(const OldCiphers&) = delete;
  OldCiphers& operator=(const OldCiphers&) = delete;
  ~OldCiphers() {
    if (provider_ != nullptr) OSSL_PROVIDER_unload(provider_);
  }

 private:
  OSSL_PROVIDER* provider_;
};

void take(STACK_OF(X509) * certificates, Bundle& bundle) {
  while (sk_X509_num(certificates) > 0)
    bundle.certificates.emplace_back(sk_X509_shift(certificates));
  sk_X509_free(certificates);
}

}  // namespace

std::expected<Bundle, std::string> read_pkcs12(ByteView octets, const Secret& password) {
  clear_errors();
  const unsigned char* at = octets.data();
  const Pkcs12Ptr file(d2i_PKCS12(nullptr, &at, static_cast<long>(octets.size())));
  if (!file) return std::unexpected("is no PKCS#12 file");
  const OldCiphers old_ciphers;
  if (PKCS12_verify_mac(file.get(), password.c_str(), -1) != 1) {
    clear_errors();
    return std::unexpected("the password is wrong");
  }
  EVP_PKEY* key = nullptr;
  X509* certificate = nullptr;
  STACK_OF(X509)* others = nullptr;
  if (PKCS12_parse(file.get(), password.c_str(), &key, &certificate, &others) != 1)
    return std::unexpected(library_fault("cannot be read"));
  Bundle bundle;
  bundle.key.reset(key);
  if (certificate) bundle.certificates.emplace_back(certificate);
  take(others, bundle);
  if (!bundle.key) return std::unexpected("holds no private key");
  if (bundle.certificates.empty()) return std::unexpected("holds no certificate");
  return bundle;
}

std::expected<Secret, std::string> write_pkcs12(const Identity& identity, const std::string& name,
                                                const Secret& password) {
  if (password.view().empty()) return std::unexpected("the password is empty");
  clear_errors();
  STACK_OF(X509)* chain = sk_X509_new_null();
  for (const CertificatePtr& issuer : identity.chain) sk_X509_push(chain, issuer.get());
  const Pkcs12Ptr file(PKCS12_create(password.c_str(), name.c_str(), identity.key.get(),
                                     identity.certificate.get(), chain, 0, 0, kIterations,
                                     kIterations, 0));
  sk_X509_free(chain);
  unsigned char* der = nullptr;
  const int length = file ? i2d_PKCS12(file.get(), &der) : -1;
  if (length < 0) return std::unexpected(library_fault("no PKCS#12 file could be made"));
  Secret out(static_cast<std::size_t>(length) + 1);
  out.text().assign(reinterpret_cast<char*>(der), static_cast<std::size_t>(length));
  OPENSSL_free(der);
  return out;
}

}  // namespace sluice::tls
