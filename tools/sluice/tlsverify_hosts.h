// The mail hosts of a domain as a delivery finds them: MX, DANE, MTA-STS.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "engine/base/ip_address.h"
#include "engine/config/config.h"
#include "engine/delivery/peer_rule.h"
#include "tls/peer_policy.h"
#include "tools/sluice/tlsverify.h"

namespace sluice::tools {

struct VerifyHost {
  std::string name;
  Endpoint address;
  std::string decided_by;  // "DANE: …", "MTA-STS: …"; empty: the configuration alone
  tls::PeerPolicy policy;
};

struct VerifyHosts {
  std::vector<std::string> notes;  // what was found on the way
  std::vector<VerifyHost> hosts;
  std::string fault;  // why there are none
};

// The policy of the domain is fetched anew; what the engine has kept is not looked at.
std::expected<VerifyHosts, std::string> find_verify_hosts(const config::Config& config,
                                                          const VerifyOptions& options,
                                                          const config::Route& route,
                                                          const delivery::PeerRule& rule);

// MX hosts, the most preferred first (RFC 5321 5.1); the domain itself when it has none.
std::expected<std::vector<std::string>, std::string> mx_hosts(const config::Config& config,
                                                              const std::string& domain,
                                                              const std::string& resolver);

}  // namespace sluice::tools
