// DANE for SMTP (RFC 7672): what the TLSA records of a mail host ask of its TLS. A pure function
// over DNS answers; matching a certificate with the records is tls/peer_check's affair.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/dns/answers.h"
#include "tls/peer_policy.h"

namespace sluice::delivery {

struct DanePolicy {
  enum class State : std::uint8_t {
    none,      // no records, or not secure: DANE says nothing
    usable,    // one of `records` must match
    unusable,  // there are records, none that we know: TLS is a must, its certificate does not
               // count
    failed,    // bogus, or the lookup failed: nothing is sent to this host now (RFC 7672 2.1.1)
  };
  State state = State::none;
  std::vector<tls::TlsaRecord> records;
  std::string base_domain;  // SNI, and the name in the certificate (RFC 7672 2.2.3)
  std::string trouble;      // failed: why

  bool operator==(const DanePolicy&) const = default;
};
std::string_view describe(DanePolicy::State state) noexcept;

// The policy for the host, whose addresses are looked up too; nothing: answers are missing.
// `secure_host`: the name comes from a secure MX answer, or is the domain itself.
std::optional<DanePolicy> find_dane_policy(std::string_view host, std::uint16_t port,
                                           bool secure_host, dns::AnswerTable& answers);

}  // namespace sluice::delivery
