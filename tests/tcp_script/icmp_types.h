// The names of ICMP and ICMPv6 messages (RFC 792, RFC 1812, RFC 4443).
#pragma once

#include "tests/tcp_script/model.h"

namespace sluice::script {

struct IcmpNumbers {
  std::uint8_t type = 0;
  std::uint8_t code = 0;
};

IcmpNumbers icmp_numbers(const IcmpPacket& packet, bool v6);  // throws std::runtime_error

}  // namespace sluice::script
