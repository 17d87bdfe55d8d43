// What a delivery asks of the TLS of its peer. A value: made from the settings of the destination,
// and tightened by what DNS and HTTPS say about it (DANE, MTA-STS), before a connection is opened.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::tls {

class Context;

// In the clear is sent only before the peer's 220 to STARTTLS, and only at none, preferred and
// preferred_verify. `preferred_verify` looks at the certificate and sends all the same.
enum class Level : std::uint8_t { none, preferred, required, preferred_verify, required_verify };

std::string_view name_of(Level level) noexcept;  // "required-verify"

constexpr bool demands_tls(Level level) noexcept {
  return level == Level::required || level == Level::required_verify;
}
constexpr bool looks_at_certificate(Level level) noexcept {
  return level == Level::preferred_verify || level == Level::required_verify;
}

struct TlsaRecord {  // RFC 6698 2.1
  std::uint8_t usage = 3;
  std::uint8_t selector = 0;
  std::uint8_t matching = 1;
  std::vector<std::uint8_t> data;

  bool operator==(const TlsaRecord&) const = default;
};

// RFC 7672 3.1: of the usages DANE-TA(2) and DANE-EE(3) only, and with parameters and a length that
// are known. Records that are not usable must not be put into a policy.
bool is_usable(const TlsaRecord& record) noexcept;

struct PeerPolicy {
  Level level = Level::preferred;
  // SNI, and the first reference identifier: the MX host, or the destination's domain where there
  // is no MX. Empty: no SNI. With DANE the base domain of the TLSA records (RFC 7672 8.1).
  std::string server_name;
  // Further names that the certificate may have instead (RFC 6125); ".example.com" is any host in
  // example.com. MTA-STS: the MX host has been matched against the policy's patterns before, the
  // certificate must be for the host itself (RFC 8461 4.2), which is `server_name`.
  std::vector<std::string> names;
  // The certificate is looked at for reports, whatever the level; it decides nothing more.
  bool audit = false;
  // Not empty: DANE decides, and no certification authority counts. At least one must match.
  std::vector<TlsaRecord> tlsa;
  // Certification authorities and our own certificate. Null: those of all deliveries.
  std::shared_ptr<const Context> context;

  bool operator==(const PeerPolicy&) const = default;
};

inline bool looks_at_certificate(const PeerPolicy& policy) noexcept {
  return policy.audit || looks_at_certificate(policy.level);
}

}  // namespace sluice::tls
