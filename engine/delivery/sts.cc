#include "engine/delivery/sts.h"

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
  notes.push_back({{}, said_of(state)});
  if (state.policy == nullptr || state.policy->mode == Mode::none) return notes;
  const bool enforced = state.policy->mode == Mode::enforce;
  std::erase_if(found.hosts, [&](MailHost& host) {
    if (host.dane.state != DanePolicy::State::none) {
      notes.push_back({host.name, "its TLSA records decide"});
      return false;
    }
    host.sts = state.policy;
    if (state.policy->allows(host.name)) return false;
    notes.push_back({host.name, enforced ? "not in the policy: no mail to it"
                                         : "not in the policy, which is being tested"});
    return enforced;
  });
  if (!found.hosts.empty()) return notes;
  found.status = "4.7.5";
  found.detail = "MTA-STS: no mail host of " + std::string(domain) + " is in its policy";
  return notes;
}

}  // namespace sluice::delivery
