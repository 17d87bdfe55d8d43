// What became of TLS with the domains that want reports (RFC 8460 4): counted for each domain, the
// policy that decided, and each kind of failure. Bounded: what goes beyond a limit is counted
// without its details, or as a whole. A value of one thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/ip_address.h"

namespace sluice::delivery {

enum class TlsResult : std::uint8_t {  // RFC 8460 4.3; success, then result types
  success,
  starttls_not_supported,
  certificate_host_mismatch,
  certificate_expired,
  certificate_not_trusted,
  validation_failure,
  tlsa_invalid,
  dnssec_invalid,
  sts_policy_fetch_error,
  sts_policy_invalid,
  sts_webpki_invalid,
};
std::string_view name_of(TlsResult result) noexcept;  // "certificate-expired"
std::optional<TlsResult> tls_result(std::string_view name) noexcept;

struct TlsPolicy {  // RFC 8460 4.4: what decided
  enum class Type : std::uint8_t { none, sts, tlsa };
  Type type = Type::none;
  std::vector<std::string> strings;  // lines of the STS policy, or TLSA records
  std::vector<std::string> mx;       // patterns of the STS policy

  auto operator<=>(const TlsPolicy&) const = default;
};
std::string_view name_of(TlsPolicy::Type type) noexcept;  // "no-policy-found"

struct TlsFailure {
  TlsResult result = TlsResult::validation_failure;
  std::string host;  // of the MX; empty: it did not come to one
  IpAddress sending{};
  IpAddress receiving{};
  std::string reason;

  auto operator<=>(const TlsFailure&) const = default;
};

struct TlsPolicyTally {
  std::uint64_t successes = 0;
  std::uint64_t failures = 0;
  std::map<TlsFailure, std::uint64_t> details;  // sums up to `failures`
};

struct TlsDomainTally {
  std::vector<std::string> uris;  // who wants the report
  std::map<TlsPolicy, TlsPolicyTally> policies;
};

class TlsTally {
 public:
  static constexpr std::size_t kPoliciesMax = 32;  // of a domain
  static constexpr std::size_t kDetailsMax = 100;  // of a policy
  static constexpr std::size_t kReasonBytesMax = 200;

  void limit(std::size_t domains_max) noexcept { domains_max_ = domains_max; }

  void add_success(const std::string& domain, const std::vector<std::string>& uris,
                   const TlsPolicy& policy, std::uint64_t count = 1);
  void add_failure(const std::string& domain, const std::vector<std::string>& uris,
                   const TlsPolicy& policy, TlsFailure failure, std::uint64_t count = 1);
  void merge(const TlsTally& other);

  const std::map<std::string, TlsDomainTally>& domains() const noexcept { return domains_; }
  std::uint64_t beyond() const noexcept { return beyond_; }  // sessions of domains without room
  // Takes one domain out.
  std::optional<std::pair<std::string, TlsDomainTally>> take_domain();
  bool empty() const noexcept { return domains_.empty() && beyond_ == 0; }

 private:
  TlsPolicyTally* find(const std::string& domain, const std::vector<std::string>& uris,
                       const TlsPolicy& policy);

  std::size_t domains_max_ = 1'000;
  std::map<std::string, TlsDomainTally> domains_;
  std::uint64_t beyond_ = 0;
};

}  // namespace sluice::delivery
