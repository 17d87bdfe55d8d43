#include "engine/web/sts_fetch.h"

#include <utility>

namespace sluice::web {
namespace {

// 200, text/plain, no redirect. Empty: it is a policy file.
std::string fault_of(const HttpsResult& result) {
  if (result.kind != HttpsResult::Kind::answered) return result.trouble;
  if (result.status != 200) return "HTTP status " + std::to_string(result.status);
  const std::string type = media_type(result.content_type);
  return type == "text/plain" ? "" : "content type \"" + type + "\" instead of text/plain";
}

}  // namespace

HttpsRequest sts_request(const StsQuery& query, const StsFetchRules& rules) {
  const std::string host = "mta-sts." + query.domain;
  const std::string port = rules.port == 443 ? "" : ":" + std::to_string(rules.port);
  return {.url = "https://" + host + port + "/.well-known/mta-sts.txt",
          .host = host,
          .port = rules.port,
          .addresses = query.addresses,
          .ca_file = rules.ca_file,
          .private_addresses = rules.private_addresses,
          .timeout = rules.timeout,
          .bytes_max = rules.bytes_max};
}

StsState sts_state(const HttpsResult& result, std::string_view id) {
  if (const std::string fault = fault_of(result); !fault.empty()) {
    const bool certificate = result.kind == HttpsResult::Kind::certificate;
    return {.fault = certificate ? StsFault::certificate : StsFault::fetch,
            .trouble = "not fetched: " + fault};
  }
  auto policy = parse_sts_policy(result.body);
  if (!policy) return {.fault = StsFault::invalid, .trouble = "not valid: " + policy.error()};
  policy->id = id;
  return {.policy = std::make_shared<const StsPolicy>(std::move(*policy))};
}

}  // namespace sluice::web
