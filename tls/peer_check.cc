#include "tls/peer_check.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>

#include "tls/certificate.h"

namespace sluice::tls {
namespace {

// As the library itself would report it.
constexpr unsigned long kVerifyFailed = ERR_PACK(ERR_LIB_SSL, 0, SSL_R_CERTIFICATE_VERIFY_FAILED);

constexpr std::size_t kNamesInReason = 4;  // a certificate of a big host has hundreds

bool is_address(const std::string& name) {
  return name.find(':') != std::string::npos ||
         name.find_first_not_of("0123456789.") == std::string::npos;
}

bool prepare_names(SSL* ssl, const PeerPolicy& policy) noexcept {
  // RFC 6125 6.4.3: a wildcard is a whole label, the leftmost one.
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  const std::string& first = policy.server_name;
  if (!first.empty() && SSL_set1_host(ssl, first.c_str()) != 1) return false;
  // RFC 6066 3: no address and no pattern is a server's name.
  if (!first.empty() && !is_address(first) && first.front() != '.' &&
      SSL_set_tlsext_host_name(ssl, first.c_str()) != 1)
    return false;
  return std::ranges::all_of(policy.names, [ssl](const std::string& name) {
    return SSL_add1_host(ssl, name.c_str()) == 1;
  });
}

bool prepare_dane(SSL* ssl, const PeerPolicy& policy) noexcept {
  if (policy.server_name.empty()) return false;
  if (SSL_dane_enable(ssl, policy.server_name.c_str()) != 1) return false;
  // RFC 7672 3.1.1: with DANE-EE neither the names nor the dates of the certificate count.
  SSL_dane_set_flags(ssl, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
  bool any = false;
  for (const TlsaRecord& record : policy.tlsa)
    any |=
        is_usable(record) && SSL_dane_tlsa_add(ssl, record.usage, record.selector, record.matching,
                                               record.data.data(), record.data.size()) == 1;
  clear_errors();  // of records whose data is no certificate or key
  return any;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kNamesInReason); ++i)
    text += (i > 0 ? ", " : "") + names[i];
  if (names.size() > kNamesInReason) text += ", …";
  return text;
}

// Both sides of a mismatch are named: without them nobody can tell what to change.
std::string mismatch(X509* certificate, const PeerPolicy& policy) {
  std::vector<std::string> wanted = policy.names;
  if (!policy.server_name.empty()) wanted.insert(wanted.begin(), policy.server_name);
  return "the certificate is for " + joined(host_names(certificate)) + " and not for " +
         joined(wanted);
}

CertificateFault fault_of(long code) noexcept {
  switch (code) {
    case X509_V_ERR_HOSTNAME_MISMATCH: return CertificateFault::name;
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID: return CertificateFault::dates;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_UNTRUSTED: return CertificateFault::issuer;
    default: return CertificateFault::other;
  }
}

}  // namespace

bool prepare(SSL* ssl, const PeerPolicy& policy) noexcept {
  // The certificate is judged after the handshake, when both its names and its faults are known.
  SSL_set_verify(ssl, SSL_VERIFY_NONE, nullptr);
  // SSL_dane_enable() sets the host itself, so it comes first.
  return (policy.tlsa.empty() || prepare_dane(ssl, policy)) && prepare_names(ssl, policy);
}

PeerCheck check_peer(SSL* ssl, const PeerPolicy& policy) {
  PeerCheck check;
  check.by_dane = !policy.tlsa.empty();
  check.code = SSL_get_verify_result(ssl);
  const CertificatePtr certificate(SSL_get1_peer_certificate(ssl));
  const bool named = check.by_dane || !policy.server_name.empty() || !policy.names.empty();
  if (!certificate || !named) {
    check.reason = certificate ? "no name to check the certificate for" : "no certificate came";
  } else if (check.code == X509_V_ERR_HOSTNAME_MISMATCH) {
    check.reason = mismatch(certificate.get(), policy);
  } else if (check.code != X509_V_OK) {
    check.reason = X509_verify_cert_error_string(check.code);
  } else {
    check.verified = true;
  }
  if (!check.verified) check.fault = fault_of(check.code);
  return check;
}

Failure certificate_failure(const PeerCheck& check) noexcept {
  Failure failure;
  failure.code = kVerifyFailed;
  char* const text = failure.text.data();
  ERR_error_string_n(failure.code, text, failure.text.size());
  const std::size_t length = std::strlen(text);
  std::snprintf(text + length, failure.text.size() - length, ": %s", check.reason.c_str());
  return failure;
}

bool is_certificate_failure(const Failure& failure) noexcept {
  return failure.code == kVerifyFailed;
}

}  // namespace sluice::tls
