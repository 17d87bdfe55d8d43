#include "engine/config/sts_keys.h"

#include "engine/config/kinds.h"

namespace sluice::config {
namespace {

std::string_view any(std::string_view) { return {}; }

}  // namespace

std::vector<Key<MtaSts>> mta_sts_keys() {
  return {
      {"enabled", boolean(&MtaSts::enabled),
       "heed the MTA-STS policies of domains whose hosts DNS names, RFC 8461; where there are "
       "TLSA records, DANE decides"},
      {"timeout", duration(&MtaSts::timeout, seconds(1), minutes(10)),
       "longest time for the fetch of a policy; mail for the domain waits that long"},
      {"policy_bytes_max", size(&MtaSts::policy_bytes_max, 1024, 1024UL * 1024),
       "largest policy that is read"},
      {"max_age_max", duration(&MtaSts::max_age_max, hours(1), hours(24 * 366)),
       "longest time that a policy is kept, whatever its max_age"},
      {"refresh", duration(&MtaSts::refresh, minutes(1), hours(24 * 30)),
       "age at which a policy is fetched again although its id is the same"},
      {"retry", duration(&MtaSts::retry, seconds(1), hours(24)),
       "time after a failed fetch before the next one; what is known holds meanwhile"},
      {"policies_max", integer(&MtaSts::policies_max, 16, 1'000'000),
       "policies kept, in queue.directory/mta_sts"},
      {"fetches_max", integer(&MtaSts::fetches_max, 1, 1'000), "fetches at once; others wait"},
      {"port", integer(&MtaSts::port, 1, 65'535), "TCP port of policy servers"},
      {"ca_file", text(&MtaSts::ca_file, "a path, or \"\" for the system's", any),
       "authorities of policy servers, PEM"},
  };
}

}  // namespace sluice::config
