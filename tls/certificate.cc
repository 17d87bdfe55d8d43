#include "tls/certificate.h"

#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "tls/failure.h"

namespace sluice::tls {
namespace {

using NamesPtr = std::unique_ptr<GENERAL_NAMES, Freer<GENERAL_NAMES_free>>;

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

std::string lowered(const ASN1_STRING* text) {
  std::string out(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                  static_cast<std::size_t>(ASN1_STRING_length(text)));
  std::ranges::transform(out, out.begin(), lower);
  return out;
}

bool same(std::string_view a, std::string_view b) noexcept {
  return std::ranges::equal(a, b, {}, lower, lower);
}

std::int64_t unix_seconds(const ASN1_TIME* time) {
  std::tm parts{};
  return ASN1_TIME_to_tm(time, &parts) == 1 ? timegm(&parts) : 0;
}

std::string serial_text(const ASN1_INTEGER* serial) {
  return hexadecimal(ASN1_STRING_get0_data(serial),
                     static_cast<std::size_t>(ASN1_STRING_length(serial)));
}

std::string fingerprint(X509* certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned length = 0;
  X509_digest(certificate, EVP_sha256(), digest.data(), &length);
  return hexadecimal(digest.data(), length);
}

bool is_self_signed(X509* certificate) { return X509_self_signed(certificate, 1) == 1; }

}  // namespace

std::string hexadecimal(const unsigned char* octets, std::size_t count) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    out += kDigits[octets[i] >> 4];
    out += kDigits[octets[i] & 15];
  }
  return out;
}

std::string name_text(const X509_NAME* name) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253 & ~XN_FLAG_DN_REV & ~ASN1_STRFLGS_ESC_MSB);
  char* octets = nullptr;
  const long length = BIO_get_mem_data(bio.get(), &octets);
  return {octets, static_cast<std::size_t>(length)};
}

std::string key_id(EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int length = i2d_PUBKEY(key, &der);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  if (length > 0)
    EVP_Digest(der, static_cast<std::size_t>(length), digest.data(), &size, EVP_sha256(), nullptr);
  OPENSSL_free(der);
  return hexadecimal(digest.data(), size);
}

std::string key_kind(EVP_PKEY* key) {
  if (EVP_PKEY_get_base_id(key) == EVP_PKEY_EC) {
    std::array<char, 64> group{};
    EVP_PKEY_get_group_name(key, group.data(), group.size(), nullptr);
    const std::string_view name = group.data();
    return "ECDSA " + std::string(name == "prime256v1"  ? "P-256"
                                  : name == "secp384r1" ? "P-384"
                                  : name == "secp521r1" ? "P-521"
                                                        : name);
  }
  const char* name = EVP_PKEY_get0_type_name(key);
  return std::string(name ? name : "unknown") + " " + std::to_string(EVP_PKEY_get_bits(key));
}

CertificateFacts facts_of(X509* certificate) {
  EVP_PKEY* const key = X509_get0_pubkey(certificate);
  CertificateFacts facts{.subject = name_text(X509_get_subject_name(certificate)),
                         .issuer = name_text(X509_get_issuer_name(certificate)),
                         .names = host_names(certificate),
                         .serial = serial_text(X509_get0_serialNumber(certificate)),
                         .fingerprint = fingerprint(certificate),
                         .key_id = key ? key_id(key) : "",
                         .key_kind = key ? key_kind(key) : "unknown",
                         .not_before = unix_seconds(X509_get0_notBefore(certificate)),
                         .not_after = unix_seconds(X509_get0_notAfter(certificate)),
                         .self_signed = is_self_signed(certificate),
                         .authority = X509_check_ca(certificate) == 1};
  clear_errors();
  return facts;
}

std::vector<std::string> host_names(X509* certificate) {
  std::vector<std::string> found;
  const NamesPtr names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) found.push_back(lowered(name->d.dNSName));
  }
  if (!found.empty()) return found;
  const X509_NAME* subject = X509_get_subject_name(certificate);
  const int last = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (last < 0) return found;
  found.push_back(lowered(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, last))));
  return found;
}

bool name_matches(std::string_view pattern, std::string_view host) noexcept {
  if (!pattern.starts_with("*.")) return same(pattern, host);
  const std::size_t dot = host.find('.');
  return dot != std::string_view::npos && dot > 0 && same(pattern.substr(1), host.substr(dot));
}

bool is_for_host(X509* certificate, std::string_view host) {
  return std::ranges::any_of(host_names(certificate), [host](const std::string& pattern) {
    return name_matches(pattern, host);
  });
}

}  // namespace sluice::tls
