// What people and programs ask of a certificate.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tls/handle.h"

namespace sluice::tls {

struct CertificateFacts {
  std::string subject;  // "CN=mx.example.com,O=Example", RFC 2253 without the backward order
  std::string issuer;
  std::vector<std::string> names;  // host names it is for, as host_names()
  std::string serial;              // hexadecimal
  std::string fingerprint;         // SHA-256 of the certificate, hexadecimal
  std::string key_id;              // SHA-256 of the public key (SubjectPublicKeyInfo), hexadecimal
  std::string key_kind;            // "ECDSA P-256", "RSA 2048"
  std::int64_t not_before = 0;     // Unix seconds
  std::int64_t not_after = 0;
  bool self_signed = false;
  bool authority = false;  // may issue others: basicConstraints CA
};

CertificateFacts facts_of(X509* certificate);
// The id of a key, the same as that of the certificate it belongs to.
std::string key_id(EVP_PKEY* key);
std::string key_kind(EVP_PKEY* key);

// The DNS names of a certificate, else its common name; in lower case.
std::vector<std::string> host_names(X509* certificate);
// RFC 6125 6.4: `pattern` may be "*.example.com", which is one whole label. Ignores case.
bool name_matches(std::string_view pattern, std::string_view host) noexcept;
bool is_for_host(X509* certificate, std::string_view host);

std::string name_text(const X509_NAME* name);
std::string hexadecimal(const unsigned char* octets, std::size_t count);

}  // namespace sluice::tls
