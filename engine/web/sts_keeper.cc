#include "engine/web/sts_keeper.h"

#include <utility>

namespace sluice::web {
namespace {

// RFC 8461 3.3: 200, text/plain, no redirect. Empty: it is a policy file.
std::string fault_of(const HttpsResult& result) {
  if (result.kind != HttpsResult::Kind::answered) return result.trouble;
  if (result.status != 200) return "HTTP status " + std::to_string(result.status);
  const std::string type = media_type(result.content_type);
  return type == "text/plain" ? "" : "content type \"" + type + "\" instead of text/plain";
}

}  // namespace

StsKeeper::StsKeeper(Settings settings)
    : settings_(std::move(settings)), cache_(settings_.rules), files_(settings_.directory) {}

std::string StsKeeper::load(WallTime now) {
  return files_.load(
      [&](const std::string& domain, StsPolicy policy, WallTime fetched) {
        return cache_.restore(domain, std::move(policy), fetched, now);
      },
      settings_.bytes_max);
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
  const std::string host = "mta-sts." + query.domain;
  const std::string port = settings_.port == 443 ? "" : ":" + std::to_string(settings_.port);
  wanted_.push_back({query.domain,
                     {.url = "https://" + host + port + "/.well-known/mta-sts.txt",
                      .host = host,
                      .port = settings_.port,
                      .addresses = query.addresses,
                      .ca_file = settings_.ca_file,
                      .timeout = settings_.timeout,
                      .bytes_max = settings_.bytes_max}});
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
  StsState state;
  if (std::string fault = fault_of(result); !fault.empty()) {
    const bool certificate = result.kind == HttpsResult::Kind::certificate;
    state = cache_.failed(domain, certificate ? StsFault::certificate : StsFault::fetch,
                          "not fetched: " + fault, now, forgotten);
  } else if (auto policy = parse_sts_policy(result.body); !policy) {
    state =
        cache_.failed(domain, StsFault::invalid, "not valid: " + policy.error(), now, forgotten);
  } else {
    policy->id = id;
    state = cache_.fetched(domain, std::move(*policy), now, forgotten);
    trouble_ += files_.store(domain, *state.policy, now);
  }
  for (const std::string& old : forgotten) files_.forget(old);
  return state;
}

}  // namespace sluice::web
