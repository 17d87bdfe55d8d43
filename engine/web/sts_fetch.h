// The fetch of a policy (RFC 8461 3.3): where it is, and whether what came is one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/clock.h"
#include "engine/web/https.h"
#include "engine/web/sts_cache.h"
#include "engine/web/sts_record.h"

namespace sluice::web {

struct StsFetchRules {
  std::uint16_t port = 443;
  Duration timeout = minutes(1);
  std::size_t bytes_max = 64UL * 1024;
  std::string ca_file;  // PEM; empty: the system's authorities
  bool private_addresses = false;
};

HttpsRequest sts_request(const StsQuery& query, const StsFetchRules& rules);

// The policy, fetched for the record with `id`; or why there is none.
StsState sts_state(const HttpsResult& result, std::string_view id);

}  // namespace sluice::web
