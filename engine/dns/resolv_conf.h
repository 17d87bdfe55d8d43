// /etc/resolv.conf as resolv.conf(5) has it, as far as it concerns asking servers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/ip_address.h"

namespace sluice::dns {

struct SystemServers {
  std::vector<Endpoint> servers;  // at most three, as glibc takes
  bool trust_ad = false;          // "options trust-ad"
};

SystemServers parse_resolv_conf(std::string_view text);
// Empty when the file cannot be read.
SystemServers read_resolv_conf(const std::string& path);

}  // namespace sluice::dns
