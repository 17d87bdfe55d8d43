#include "engine/delivery/sts.h"

#include <fmt/format.h>

namespace sluice::delivery {
namespace {

using Mode = web::StsPolicy::Mode;

std::string said_of(const web::StsState& state) {
  std::string said =
      state.policy == nullptr
          ? "no policy"
          : "policy " + std::string(name_of(state.policy->mode)) + " id " + state.policy->id;
  if (!state.trouble.empty()) said += (state.policy ? "; the new one was " : ": ") + state.trouble;
  return said;
}

}  // namespace

std::vector<StsNote> apply_sts(MailHosts& found, std::string_view domain,
                               const web::StsState& state) {
  std::vector<StsNote> notes;
  if (state.policy == nullptr && state.trouble.empty()) return notes;
  notes.push_back({{}, said_of(state), false});
  if (state.policy == nullptr || state.policy->mode == Mode::none) return notes;
  const bool enforced = state.policy->mode == Mode::enforce;
  std::erase_if(found.hosts, [&](MailHost& host) {
    if (host.dane.state != DanePolicy::State::none) {
      notes.push_back({host.name, "its TLSA records decide", false});
      return false;
    }
    host.sts = state.policy;
    if (state.policy->allows(host.name)) return false;
    notes.push_back(
        {host.name,
         enforced ? "not in the policy: no mail to it" : "not in the policy, which is being tested",
         enforced});
    return enforced;
  });
  if (!found.hosts.empty()) return notes;
  found.status = "4.7.5";
  found.detail = "MTA-STS: no mail host of " + std::string(domain) + " is in its policy";
  return notes;
}

void keep_secure_hosts(MailHosts& found, std::string_view domain, const web::StsState& state) {
  std::erase_if(found.hosts, [](const MailHost& host) {
    return !host.secure && !(host.sts != nullptr && host.sts->allows(host.name));
  });
  if (!found.hosts.empty()) return;
  // A policy that could not be had may be had later.
  found.status = state.fault == web::StsFault::none ? "5.7.10" : "4.7.5";
  found.detail =
      "REQUIRETLS: neither DNSSEC nor MTA-STS names a mail host of " + std::string(domain);
}

TlsPolicy sts_policy(const web::StsPolicy* policy) {
  if (policy == nullptr) return {};
  return {TlsPolicy::Type::sts, web::policy_lines(policy->text), policy->mx};
}

TlsPolicy dane_policy(const DanePolicy& dane) {
  TlsPolicy policy{.type = TlsPolicy::Type::tlsa};
  for (const tls::TlsaRecord& record : dane.records)
    policy.strings.push_back(fmt::format("{} {} {} {:02x}", record.usage, record.selector,
                                         record.matching, fmt::join(record.data, "")));
  return policy;
}

}  // namespace sluice::delivery
