#include "engine/web/sts_cache.h"

#include <algorithm>
#include <utility>

namespace sluice::web {

Duration StsCache::kept_for(const StsPolicy& policy) const noexcept {
  return std::min(policy.max_age, rules_.max_age);
}

StsState StsCache::state_of(const Entry& entry, WallTime now) {
  StsState state{.fault = entry.fault, .trouble = entry.trouble};
  if (entry.policy != nullptr && now < entry.expires) state.policy = entry.policy;
  return state;
}

StsCache::Found StsCache::look_up(const std::string& domain, std::string_view id, WallTime now) {
  const auto known = entries_.find(domain);
  if (known == entries_.end()) return {.fetch = !id.empty(), .holds = id.empty()};
  const Entry& entry = known->second;
  Found found{.state = state_of(entry, now)};
  // RFC 8461 3.1: without a live record a policy that has not expired goes on to hold.
  found.holds = id.empty();
  if (id.empty()) return found;
  const bool current = found.state.policy != nullptr && found.state.policy->id == id;
  const bool waits = entry.fault != StsFault::none && now < entry.retry_at;
  found.holds = current || waits;
  found.fetch = !waits && (!current || now - entry.fetched_at >= rules_.refresh);
  return found;
}

StsState StsCache::fetched(const std::string& domain, StsPolicy policy, WallTime now,
                           std::vector<std::string>& forgotten) {
  Entry& known = entry(domain, now, forgotten);
  known = {.fetched_at = now, .expires = now + kept_for(policy)};
  known.policy = std::make_shared<const StsPolicy>(std::move(policy));
  return {.policy = known.policy};  // for this once even when its life is zero
}

StsState StsCache::failed(const std::string& domain, StsFault fault, std::string trouble,
                          WallTime now, std::vector<std::string>& forgotten) {
  Entry& known = entry(domain, now, forgotten);
  known.retry_at = now + rules_.retry;
  known.fault = fault;
  known.trouble = std::move(trouble);
  return state_of(known, now);
}

bool StsCache::restore(const std::string& domain, StsPolicy policy, WallTime fetched_at,
                       WallTime now) {
  const WallTime expires = std::min(fetched_at, now) + kept_for(policy);
  if (expires <= now || entries_.size() >= rules_.policies_max) return false;
  Entry& known = entries_[domain];
  known = {.fetched_at = std::min(fetched_at, now), .expires = expires};
  known.policy = std::make_shared<const StsPolicy>(std::move(policy));
  return true;
}

StsCache::Entry& StsCache::entry(const std::string& domain, WallTime now,
                                 std::vector<std::string>& forgotten) {
  if (!entries_.contains(domain) && entries_.size() >= rules_.policies_max)
    make_room(now, forgotten);
  return entries_[domain];
}

// What no longer says anything goes; if all does, the one that expires first.
void StsCache::make_room(WallTime now, std::vector<std::string>& forgotten) {
  const auto dead = [now](const Entry& e) { return e.expires <= now && e.retry_at <= now; };
  for (auto it = entries_.begin(); it != entries_.end();) {
    if (dead(it->second)) {
      forgotten.push_back(it->first);
      it = entries_.erase(it);
    } else {
      ++it;
    }
  }
  if (entries_.size() < rules_.policies_max || entries_.empty()) return;
  const auto first =
      std::ranges::min_element(entries_, {}, [](const auto& item) { return item.second.expires; });
  forgotten.push_back(first->first);
  entries_.erase(first);
}

}  // namespace sluice::web
