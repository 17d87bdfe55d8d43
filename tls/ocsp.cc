#include "tls/ocsp.h"

#include <openssl/ocsp.h>

#include <ctime>

#include "tls/certificate.h"
#include "tls/failure.h"

namespace sluice::tls {
namespace {

using ResponsePtr = std::unique_ptr<OCSP_RESPONSE, Freer<OCSP_RESPONSE_free>>;
using BasicPtr = std::unique_ptr<OCSP_BASICRESP, Freer<OCSP_BASICRESP_free>>;
using IdPtr = std::unique_ptr<OCSP_CERTID, Freer<OCSP_CERTID_free>>;
using StorePtr = std::unique_ptr<X509_STORE, Freer<X509_STORE_free>>;

constexpr std::size_t kResponseBytesMax = 64 * 1024;
constexpr long kClockSkewSeconds = 300;
constexpr std::int64_t kLifeWithoutNextUpdate = 24 * 3600;  // seconds, from thisUpdate

std::vector<std::uint8_t> read_file(const std::string& file) {
  const BioPtr bio(BIO_new_file(file.c_str(), "rb"));
  std::vector<std::uint8_t> octets(kResponseBytesMax);
  std::size_t count = 0;
  if (!bio || BIO_read_ex(bio.get(), octets.data(), octets.size(), &count) != 1) count = 0;
  octets.resize(count);
  return octets;
}

X509* issuer_of(const Identity& identity) {
  return identity.chain.empty() ? identity.certificate.get() : identity.chain.front().get();
}

bool is_signed(OCSP_BASICRESP* basic, const Identity& identity) {
  const StorePtr store(X509_STORE_new());
  if (!store || X509_STORE_add_cert(store.get(), issuer_of(identity)) != 1) return false;
  X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN);  // the issuer need be no root
  return OCSP_basic_verify(basic, nullptr, store.get(), 0) == 1;
}

std::int64_t unix_seconds(const ASN1_GENERALIZEDTIME* time) {
  std::tm parts{};
  return time != nullptr && ASN1_TIME_to_tm(time, &parts) == 1 ? timegm(&parts) : 0;
}

struct Single {  // what the response says about one certificate
  int status = V_OCSP_CERTSTATUS_UNKNOWN;
  ASN1_GENERALIZEDTIME* this_update = nullptr;
  ASN1_GENERALIZEDTIME* next_update = nullptr;
};

// Responders differ in the hash that they name certificates by.
bool find(OCSP_BASICRESP* basic, const Identity& identity, Single& out) {
  for (const EVP_MD* digest : {EVP_sha1(), EVP_sha256()}) {
    const IdPtr id(OCSP_cert_to_id(digest, identity.certificate.get(), issuer_of(identity)));
    if (id && OCSP_resp_find_status(basic, id.get(), &out.status, nullptr, nullptr,
                                    &out.this_update, &out.next_update) == 1)
      return true;
  }
  return false;
}

std::string fault_of(OCSP_BASICRESP* basic, const Identity& identity, Single& single) {
  if (!find(basic, identity, single))
    return "is not about the certificate with serial " +
           facts_of(identity.certificate.get()).serial;
  if (!is_signed(basic, identity)) return "is not signed by the issuer of the certificate";
  if (OCSP_check_validity(single.this_update, single.next_update, kClockSkewSeconds, -1) != 1)
    return "is out of date; fetch it anew";
  if (single.status != V_OCSP_CERTSTATUS_GOOD)
    return std::string("says that the certificate is ") + OCSP_cert_status_str(single.status);
  return {};
}

}  // namespace

std::expected<Staple, std::string> load_staple(const std::string& file, const Identity& identity) {
  auto failed = [&](std::string_view what) {
    clear_errors();
    return std::unexpected(file + ": " + std::string(what));
  };
  Staple staple{.response = read_file(file)};
  if (staple.response.empty()) return failed("cannot be read");
  const unsigned char* at = staple.response.data();
  const ResponsePtr response(
      d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(staple.response.size())));
  const bool answered =
      response && OCSP_response_status(response.get()) == OCSP_RESPONSE_STATUS_SUCCESSFUL;
  const BasicPtr basic(answered ? OCSP_response_get1_basic(response.get()) : nullptr);
  if (!basic) return failed("holds no OCSP response with an answer (DER)");
  Single single;
  if (const std::string fault = fault_of(basic.get(), identity, single); !fault.empty())
    return failed(fault);
  staple.good_until = single.next_update
                          ? unix_seconds(single.next_update)
                          : unix_seconds(single.this_update) + kLifeWithoutNextUpdate;
  clear_errors();
  return staple;
}

}  // namespace sluice::tls
