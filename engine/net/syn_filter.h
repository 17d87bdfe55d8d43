// The seam of refusal at the SYN: asked about the source of each SYN before the stack looks for a
// connection or makes one. Segments of connections that exist are not shown to it.
#pragma once

#include <cstdint>

#include "engine/base/ip_address.h"

namespace sluice::net {

enum class SynVerdict : std::uint8_t { admit, drop, reset };

class SynFilter {
 public:
  // On the stack's thread, once per SYN: neither blocks nor allocates.
  virtual SynVerdict verdict(const IpAddress& source) noexcept = 0;

 protected:
  ~SynFilter() = default;
};

}  // namespace sluice::net
