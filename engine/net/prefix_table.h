// Longest-prefix match from addresses to small numbers. Changed by one thread while nobody reads;
// readers on other threads get a table that is not changed under them.
#pragma once

#include <cstdint>
#include <span>

#include "engine/base/ip_address.h"

namespace sluice::net {

class PrefixTable {
 public:
  static constexpr std::uint32_t kNone = (1u << 31) - 1;  // no prefix covers the address
  static constexpr std::size_t kBurst = 32;  // addresses that are looked up together at most

  virtual ~PrefixTable() = default;
  // `prefix` has no host bits; value < kNone. Replaces the value of a prefix that is there. False:
  // no room, nothing was changed.
  virtual bool insert(const Prefix& prefix, std::uint32_t value) = 0;
  virtual void erase(const Prefix& prefix) = 0;
  // After changes, before the next lookup.
  virtual void commit() {}

  // values[i] becomes that of the longest prefix that covers addresses[i], of up to kBurst: their
  // waits for memory overlap. Neither blocks nor allocates.
  virtual void find(std::span<const IpAddress> addresses, std::uint32_t* values) const noexcept = 0;
  std::uint32_t find(const IpAddress& address) const noexcept {
    std::uint32_t value = kNone;
    find({&address, 1}, &value);
    return value;
  }
};

}  // namespace sluice::net
