// How the stack is set up for a script: the profile that conformance scripts assume, changed by
// those shell commands of the script whose meaning the stack has an option for.
#pragma once

#include "tests/tcp_script/model.h"

namespace sluice::script {

struct Profile {
  std::string stack_options;  // of slt_config
  std::uint32_t mtu = 1500;
  bool v6 = false;
  bool mapped = false;  // IPv4 packets, AF_INET6 sockets
  std::string local;
  std::string remote;
  std::int64_t tolerance_us = 4'000;
};

Profile profile_of(const Script& script);

}  // namespace sluice::script
