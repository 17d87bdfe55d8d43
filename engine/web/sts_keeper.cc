#include "engine/web/sts_keeper.h"

#include <utility>

namespace sluice::web {

StsKeeper::StsKeeper(Settings settings)
    : settings_(std::move(settings)), cache_(settings_.rules), files_(settings_.directory) {}

std::string StsKeeper::load(WallTime now) {
  return files_.load(
      [&](const std::string& domain, StsPolicy policy, WallTime fetched) {
        return cache_.restore(domain, std::move(policy), fetched, now);
      },
      settings_.fetch.bytes_max);
}

void StsKeeper::ask(StsDesk& desk, StsRequest request, WallTime now) {
  const StsQuery& query = request.query;
  StsCache::Found found = cache_.look_up(query.domain, query.id, now);
  if (found.fetch) want(query);
  if (found.holds) return desk.answer({request.token, std::move(found.state)});
  pending_[query.domain].waiting.push_back({&desk, request.token});
}

void StsKeeper::want(const StsQuery& query) {
  const auto [pending, fresh] = pending_.try_emplace(query.domain);
  if (!fresh) return;
  pending->second.id = query.id;
  wanted_.push_back({query.domain, sts_request(query, settings_.fetch)});
}

std::optional<StsKeeper::Fetch> StsKeeper::next_fetch() {
  if (wanted_.empty()) return {};
  Fetch fetch = std::move(wanted_.front());
  wanted_.pop_front();
  return fetch;
}

void StsKeeper::fetched(const std::string& domain, HttpsResult result, WallTime now) {
  const auto pending = pending_.find(domain);
  if (pending == pending_.end()) return;
  const StsState state = settle(domain, pending->second.id, std::move(result), now);
  for (const Waiting& waiting : pending->second.waiting)
    waiting.desk->answer({waiting.token, state});
  pending_.erase(pending);
}

StsState StsKeeper::settle(const std::string& domain, const std::string& id, HttpsResult result,
                           WallTime now) {
  std::vector<std::string> forgotten;
  StsState state = sts_state(result, id);
  if (state.policy == nullptr) {
    state = cache_.failed(domain, state.fault, std::move(state.trouble), now, forgotten);
  } else {
    state = cache_.fetched(domain, *state.policy, now, forgotten);
    trouble_ += files_.store(domain, *state.policy, now);
  }
  for (const std::string& old : forgotten) files_.forget(old);
  return state;
}

}  // namespace sluice::web
