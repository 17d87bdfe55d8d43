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
  if (const auto old = entries_.find(domain); old != entries_.end()) forget(old);
  make_room(1, policy.bytes(), now, forgotten);
  Entry& known = entries_[domain];
  known = {.fetched_at = now, .expires = now + kept_for(policy)};
  set_policy(known, std::move(policy));
  return {.policy = known.policy};  // for this once even when its life is zero
}

StsState StsCache::failed(const std::string& domain, StsFault fault, std::string trouble,
                          WallTime now, std::vector<std::string>& forgotten) {
  if (!entries_.contains(domain)) make_room(1, 0, now, forgotten);
  Entry& known = entries_[domain];
  known.retry_at = now + rules_.retry;
  known.fault = fault;
  known.trouble = std::move(trouble);
  return state_of(known, now);
}

bool StsCache::restore(const std::string& domain, StsPolicy policy, WallTime fetched_at,
                       WallTime now) {
  const WallTime expires = std::min(fetched_at, now) + kept_for(policy);
  if (expires <= now || !has_room(1, policy.bytes())) return false;
  Entry& known = entries_[domain];
  known = {.fetched_at = std::min(fetched_at, now), .expires = expires};
  set_policy(known, std::move(policy));
  return true;
}

void StsCache::set_policy(Entry& entry, StsPolicy policy) {
  bytes_ += policy.bytes();
  entry.policy = std::make_shared<const StsPolicy>(std::move(policy));
}

StsCache::Entries::iterator StsCache::forget(Entries::iterator entry) {
  if (entry->second.policy != nullptr) bytes_ -= entry->second.policy->bytes();
  return entries_.erase(entry);
}

bool StsCache::has_room(std::size_t entries, std::size_t bytes) const noexcept {
  return entries_.size() + entries <= rules_.policies_max && bytes_ + bytes <= rules_.memory_max;
}

// What no longer says anything goes; if all does, those that expire first.
void StsCache::make_room(std::size_t entries, std::size_t bytes, WallTime now,
                         std::vector<std::string>& forgotten) {
  if (has_room(entries, bytes)) return;
  const auto dead = [now](const Entry& e) { return e.expires <= now && e.retry_at <= now; };
  for (auto it = entries_.begin(); it != entries_.end();) {
    if (!dead(it->second)) {
      ++it;
      continue;
    }
    forgotten.push_back(it->first);
    it = forget(it);
  }
  while (!entries_.empty() && !has_room(entries, bytes)) {
    const auto first = std::ranges::min_element(
        entries_, {}, [](const auto& item) { return item.second.expires; });
    forgotten.push_back(first->first);
    forget(first);
  }
}

}  // namespace sluice::web
