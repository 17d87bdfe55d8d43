#include "tls/issue.h"

#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <array>

#include "tls/failure.h"
#include "tls/protocol.h"

namespace sluice::tls {
namespace {

using ExtensionPtr = std::unique_ptr<X509_EXTENSION, Freer<X509_EXTENSION_free>>;

constexpr std::size_t kCommonNameMax = 64;  // RFC 5280 upper bound
constexpr long kDaySeconds = 86'400;

KeyPtr make_key(KeyType type) {
  return KeyPtr(type == KeyType::rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256"));
}

bool set_name(X509_NAME* name, const std::string& host) {
  if (host.size() > kCommonNameMax) return true;  // the alternative names have it
  return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                    reinterpret_cast<const unsigned char*>(host.c_str()), -1, -1,
                                    0) == 1;
}

struct ExtensionText {
  int kind;
  std::string value;
};

std::vector<ExtensionText> extensions(const Wanted& wanted) {
  std::string names;
  for (const std::string& host : wanted.hosts) names += (names.empty() ? "DNS:" : ",DNS:") + host;
  const bool rsa = wanted.key == KeyType::rsa;
  return {{NID_basic_constraints, "critical,CA:FALSE"},
          {NID_key_usage,
           rsa ? "critical,digitalSignature,keyEncipherment" : "critical,digitalSignature"},
          {NID_ext_key_usage, "serverAuth,clientAuth"},
          {NID_subject_alt_name, names}};
}

bool fill(X509* certificate, EVP_PKEY* key, const Wanted& wanted) {
  std::array<unsigned char, 16> serial;
  if (RAND_bytes(serial.data(), serial.size()) != 1) return false;
  serial[0] = static_cast<unsigned char>((serial[0] & 0x7f) | 0x40);  // positive, of full length
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_STRING_set(X509_get_serialNumber(certificate), serial.data(), serial.size());
  X509_gmtime_adj(X509_getm_notBefore(certificate), -kDaySeconds);  // clocks differ
  X509_gmtime_adj(X509_getm_notAfter(certificate), kDaySeconds * static_cast<long>(wanted.days));
  X509_NAME* const name = X509_get_subject_name(certificate);
  if (!set_name(name, wanted.hosts.front()) || X509_set_issuer_name(certificate, name) != 1 ||
      X509_set_pubkey(certificate, key) != 1)
    return false;
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  for (const auto& [kind, value] : extensions(wanted)) {
    const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
    if (!extension || X509_add_ext(certificate, extension.get(), -1) != 1) return false;
  }
  return X509_sign(certificate, key, EVP_sha256()) > 0;
}

bool fill(X509_REQ* request, EVP_PKEY* key, const Wanted& wanted) {
  STACK_OF(X509_EXTENSION)* asked = sk_X509_EXTENSION_new_null();
  bool done = set_name(X509_REQ_get_subject_name(request), wanted.hosts.front()) &&
              X509_REQ_set_pubkey(request, key) == 1;
  for (const auto& [kind, value] : extensions(wanted)) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
    done = done && extension != nullptr && sk_X509_EXTENSION_push(asked, extension) > 0;
  }
  done = done && X509_REQ_add_extensions(request, asked) == 1;
  sk_X509_EXTENSION_pop_free(asked, X509_EXTENSION_free);
  return done && X509_REQ_sign(request, key, EVP_sha256()) > 0;
}

}  // namespace

std::expected<Identity, std::string> make_self_signed(const Wanted& wanted) {
  clear_errors();
  Identity identity;
  identity.key = make_key(wanted.key);
  identity.certificate.reset(X509_new());
  if (!identity.key || !fill(identity.certificate.get(), identity.key.get(), wanted))
    return std::unexpected(library_fault("no certificate could be made"));
  return identity;
}

std::expected<Request, std::string> make_request(const Wanted& wanted) {
  clear_errors();
  Request made{make_key(wanted.key), RequestPtr(X509_REQ_new())};
  if (!made.key || !fill(made.request.get(), made.key.get(), wanted))
    return std::unexpected(library_fault("no request could be made"));
  return made;
}

}  // namespace sluice::tls
