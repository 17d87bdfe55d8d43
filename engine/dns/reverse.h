// The name of an address, and whether the name leads back to it. A pure function over the answers.
#pragma once

#include <optional>
#include <string>

#include "engine/dns/answers.h"

namespace sluice::dns {

inline constexpr std::size_t kReverseNamesMax = 4;  // of one address, that are verified

struct ReverseName {
  std::string host;       // empty: not known
  bool verified = false;  // the host has this address
};

// Nothing: answers are missing. Loopback is "localhost" without asking (RFC 6761 6.3).
std::optional<ReverseName> find_reverse_name(const IpAddress& address, AnswerTable& answers);

}  // namespace sluice::dns
