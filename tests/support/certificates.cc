#include "tests/support/certificates.h"

#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <utility>

#include "engine/base/contract.h"

namespace sluice::test {
namespace {

tls::KeyPtr make_key(KeyKind kind) {
  return tls::KeyPtr(kind == KeyKind::rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256"));
}

void add_extension(X509* certificate, int kind, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value);
  SLUICE_ASSERT(extension != nullptr);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

tls::Identity make(const std::string& host, KeyKind kind, const tls::Identity* issuer,
                   bool authority) {
  constexpr long kDay = 86'400;
  static long serial = 0;
  tls::Identity identity;
  identity.key = make_key(kind);
  identity.certificate.reset(X509_new());
  X509* certificate = identity.certificate.get();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -kDay / 2);
  X509_gmtime_adj(X509_getm_notAfter(certificate), kDay / 2);
  X509_set_pubkey(certificate, identity.key.get());
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(host.c_str()), -1, -1, 0);
  X509_set_issuer_name(certificate,
                       issuer ? X509_get_subject_name(issuer->certificate.get()) : name);
  add_extension(certificate, NID_subject_alt_name, ("DNS:" + host).c_str());
  if (authority) add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE");
  EVP_PKEY* const signer = issuer ? issuer->key.get() : identity.key.get();
  SLUICE_ASSERT(X509_sign(certificate, signer, EVP_sha256()) > 0);
  return identity;
}

std::string text_of(BIO* bio) {
  char* octets = nullptr;
  const long length = BIO_get_mem_data(bio, &octets);
  return {octets, static_cast<std::size_t>(length)};
}

}  // namespace

tls::Identity make_identity(const std::string& host, KeyKind kind) {
  return make(host, kind, nullptr, true);
}

tls::Identity make_identity(const std::string& host, const tls::Identity& issuer) {
  return make(host, KeyKind::ecdsa, &issuer, false);
}

tls::Identity make_authority(const std::string& host, const tls::Identity& issuer) {
  return make(host, KeyKind::ecdsa, &issuer, true);
}

std::string ocsp_response(const tls::Identity& identity, const tls::Identity& issuer, int status,
                          long from, long until) {
  OCSP_BASICRESP* basic = OCSP_BASICRESP_new();
  ASN1_TIME* this_update = X509_gmtime_adj(nullptr, from);
  ASN1_TIME* next_update = X509_gmtime_adj(nullptr, until);
  OCSP_CERTID* id =
      OCSP_cert_to_id(EVP_sha1(), identity.certificate.get(), issuer.certificate.get());
  OCSP_basic_add1_status(basic, id, status, 0, this_update, this_update, next_update);
  OCSP_basic_sign(basic, issuer.certificate.get(), issuer.key.get(), EVP_sha256(), nullptr, 0);
  OCSP_RESPONSE* response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
  unsigned char* der = nullptr;
  const int length = i2d_OCSP_RESPONSE(response, &der);
  std::string out(reinterpret_cast<char*>(der), static_cast<std::size_t>(length));
  OPENSSL_free(der);
  OCSP_RESPONSE_free(response);
  OCSP_CERTID_free(id);
  ASN1_TIME_free(this_update);
  ASN1_TIME_free(next_update);
  OCSP_BASICRESP_free(basic);
  return out;
}

std::string certificate_pem(const tls::Identity& identity) {
  const tls::BioPtr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), identity.certificate.get());
  return text_of(bio.get());
}

std::string key_pem(const tls::Identity& identity) {
  const tls::BioPtr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(bio.get(), identity.key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return text_of(bio.get());
}

}  // namespace sluice::test
