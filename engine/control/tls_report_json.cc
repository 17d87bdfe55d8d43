#include "engine/control/tls_report_json.h"

#include <ctime>

namespace sluice::control {
namespace {

using delivery::TlsFailure;
using delivery::TlsPolicy;
using delivery::TlsPolicyTally;
using nlohmann::json;

json policy_json(const std::string& domain, const TlsPolicy& policy) {
  json out = {{"policy-type", name_of(policy.type)}, {"policy-domain", domain}};
  if (!policy.strings.empty()) out["policy-string"] = policy.strings;
  if (!policy.mx.empty()) out["mx-host"] = policy.mx;
  return out;
}

json failure_json(const TlsFailure& failure, std::uint64_t count) {
  json out = {{"result-type", name_of(failure.result)}, {"failed-session-count", count}};
  if (!failure.sending.is_unspecified()) out["sending-mta-ip"] = failure.sending.text();
  if (!failure.receiving.is_unspecified()) out["receiving-ip"] = failure.receiving.text();
  if (!failure.host.empty()) out["receiving-mx-hostname"] = failure.host;
  if (!failure.reason.empty()) out["failure-reason-code"] = failure.reason;
  return out;
}

TlsPolicy read_policy(const json& from) {
  TlsPolicy policy;
  const auto type = from.at("policy-type").get<std::string>();
  for (const auto known : {TlsPolicy::Type::sts, TlsPolicy::Type::tlsa})
    if (type == name_of(known)) policy.type = known;
  policy.strings = from.value("policy-string", policy.strings);
  policy.mx = from.value("mx-host", policy.mx);
  return policy;
}

TlsFailure read_failure(const json& from) {
  TlsFailure failure;
  failure.result = delivery::tls_result(from.at("result-type").get<std::string>())
                       .value_or(delivery::TlsResult::validation_failure);
  failure.host = from.value("receiving-mx-hostname", "");
  failure.reason = from.value("failure-reason-code", "");
  failure.sending = IpAddress::parse(from.value("sending-mta-ip", "")).value_or(IpAddress{});
  failure.receiving = IpAddress::parse(from.value("receiving-ip", "")).value_or(IpAddress{});
  return failure;
}

}  // namespace

json policies_json(const std::string& domain, const delivery::TlsDomainTally& tally) {
  json policies = json::array();
  for (const auto& [policy, counts] : tally.policies) {
    json details = json::array();
    for (const auto& [failure, count] : counts.details)
      details.push_back(failure_json(failure, count));
    json one = {{"policy", policy_json(domain, policy)},
                {"summary",
                 {{"total-successful-session-count", counts.successes},
                  {"total-failure-session-count", counts.failures}}}};
    if (!details.empty()) one["failure-details"] = std::move(details);
    policies.push_back(std::move(one));
  }
  return policies;
}

json tally_json(const delivery::TlsTally& tally) {
  json domains = json::object();
  for (const auto& [domain, counts] : tally.domains())
    domains[domain] = {{"rua", counts.uris}, {"policies", policies_json(domain, counts)}};
  return domains;
}

void add_tally(const json& from, delivery::TlsTally& into) {
  for (const auto& [domain, counts] : from.items()) {
    const auto uris = counts.at("rua").get<std::vector<std::string>>();
    for (const json& one : counts.at("policies")) {
      const TlsPolicy policy = read_policy(one.at("policy"));
      const auto successes =
          one.at("summary").at("total-successful-session-count").get<std::uint64_t>();
      if (successes > 0) into.add_success(domain, uris, policy, successes);
      for (const json& detail : one.value("failure-details", json::array()))
        into.add_failure(domain, uris, policy, read_failure(detail),
                         detail.at("failed-session-count").get<std::uint64_t>());
    }
  }
}

std::string rfc3339(WallTime at) {
  const std::time_t seconds = at.unix_seconds();
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

}  // namespace sluice::control
