#include "engine/delivery/tls_tally.h"

#include <algorithm>
#include <array>

namespace sluice::delivery {
namespace {

constexpr std::array<std::string_view, 11> kResults = {
    "success",
    "starttls-not-supported",
    "certificate-host-mismatch",
    "certificate-expired",
    "certificate-not-trusted",
    "validation-failure",
    "tlsa-invalid",
    "dnssec-invalid",
    "sts-policy-fetch-error",
    "sts-policy-invalid",
    "sts-webpki-invalid",
};

}  // namespace

std::string_view name_of(TlsResult result) noexcept {
  return kResults[static_cast<std::size_t>(result)];
}

std::optional<TlsResult> tls_result(std::string_view name) noexcept {
  const auto found = std::ranges::find(kResults, name);
  if (found == kResults.end()) return {};
  return static_cast<TlsResult>(found - kResults.begin());
}

std::string_view name_of(TlsPolicy::Type type) noexcept {
  switch (type) {
    case TlsPolicy::Type::none: return "no-policy-found";
    case TlsPolicy::Type::sts: return "sts";
    case TlsPolicy::Type::tlsa: return "tlsa";
  }
  return "";
}

// The newest record decides who gets the report.
TlsPolicyTally* TlsTally::find(const std::string& domain, const std::vector<std::string>& uris,
                               const TlsPolicy& policy) {
  if (!domains_.contains(domain) && domains_.size() >= domains_max_) return nullptr;
  TlsDomainTally& tally = domains_[domain];
  tally.uris = uris;
  const bool room = tally.policies.contains(policy) || tally.policies.size() < kPoliciesMax;
  return &tally.policies[room ? policy : TlsPolicy()];
}

void TlsTally::add_success(const std::string& domain, const std::vector<std::string>& uris,
                           const TlsPolicy& policy, std::uint64_t count) {
  if (TlsPolicyTally* tally = find(domain, uris, policy))
    tally->successes += count;
  else
    beyond_ += count;
}

// Beyond the limit a failure is told by its kind alone.
void TlsTally::add_failure(const std::string& domain, const std::vector<std::string>& uris,
                           const TlsPolicy& policy, TlsFailure failure, std::uint64_t count) {
  TlsPolicyTally* tally = find(domain, uris, policy);
  if (tally == nullptr) {
    beyond_ += count;
    return;
  }
  tally->failures += count;
  failure.reason.resize(std::min(failure.reason.size(), kReasonBytesMax));
  if (!tally->details.contains(failure) && tally->details.size() >= kDetailsMax)
    failure = {.result = failure.result};
  tally->details[std::move(failure)] += count;
}

std::optional<std::pair<std::string, TlsDomainTally>> TlsTally::take_domain() {
  if (domains_.empty()) return {};
  auto node = domains_.extract(domains_.begin());
  return std::pair{std::move(node.key()), std::move(node.mapped())};
}

void TlsTally::merge(const TlsTally& other) {
  for (const auto& [domain, from] : other.domains_)
    for (const auto& [policy, counts] : from.policies) {
      if (counts.successes > 0) add_success(domain, from.uris, policy, counts.successes);
      for (const auto& [failure, count] : counts.details)
        add_failure(domain, from.uris, policy, failure, count);
    }
  beyond_ += other.beyond_;
}

}  // namespace sluice::delivery
