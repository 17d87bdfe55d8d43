// What a domain's MTA-STS policy (RFC 8461) means for its mail hosts. DANE comes first: a host
// whose TLSA records decide is none of the policy's affair (RFC 8461 2).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/delivery/mail_hosts.h"
#include "engine/delivery/tls_tally.h"
#include "engine/web/sts_cache.h"

namespace sluice::delivery {

struct StsNote {     // for the log
  std::string host;  // empty: about the domain
  std::string said;
  bool refused = false;  // the host gets no mail
};

// With "enforce" takes out the hosts that the policy does not list; when none is left, `found` says
// why. The others know the policy from now on (MailHost::sts).
std::vector<StsNote> apply_sts(MailHosts& found, std::string_view domain,
                               const web::StsState& state);

// RFC 8689 4.2.1: what has to be protected goes only to hosts that DNSSEC or the policy names. When
// none is left, `found` says why.
void keep_secure_hosts(MailHosts& found, std::string_view domain, const web::StsState& state);

// As reports have them (RFC 8460 4.4). Null: no policy.
TlsPolicy sts_policy(const web::StsPolicy* policy);
TlsPolicy dane_policy(const DanePolicy& dane);  // its records as in a zone file (RFC 6698 2.2)

}  // namespace sluice::delivery
