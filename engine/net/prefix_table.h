// Longest-prefix match from addresses to small numbers. Changed by one thread while nobody reads;
// readers on other threads get a table that is not changed under them.
#pragma once

#include <cstdint>

#include "engine/base/ip_address.h"

namespace sluice::net {

class PrefixTable {
 public:
  static constexpr std::uint32_t kNone = (1u << 31) - 1;  // no prefix covers the address

  virtual ~PrefixTable() = default;
  // `prefix` has no host bits; value < kNone. Replaces the value of a prefix that is there. False:
  // no room, nothing was changed.
  virtual bool insert(const Prefix& prefix, std::uint32_t value) = 0;
  virtual void erase(const Prefix& prefix) = 0;
  // Value of the longest prefix that covers the address. Neither blocks nor allocates.
  virtual std::uint32_t find(const IpAddress& address) const noexcept = 0;
};

}  // namespace sluice::net
