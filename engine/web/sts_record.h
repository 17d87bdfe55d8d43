// MTA-STS in DNS (RFC 8461 3.1): the TXT record that says that a domain has a policy, and which
// version of it; and the look-up that a worker makes before the policy is fetched. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/ip_address.h"
#include "engine/dns/answers.h"

namespace sluice::web {

// The id out of the strings of `_mta-sts.DOMAIN`; nothing: the domain has no policy to be fetched.
std::optional<std::string> sts_record_id(const std::vector<std::string>& texts);

// What the policy thread has to know of a domain.
struct StsQuery {
  std::string domain;                // a normal name
  std::string id;                    // of the live record; empty: there is none
  std::vector<IpAddress> addresses;  // of mta-sts.DOMAIN, for the fetch
};

// Nothing: answers are missing. Addresses are asked for only where there is a record.
std::optional<StsQuery> find_sts_query(std::string_view domain, dns::AnswerTable& answers);

}  // namespace sluice::web
