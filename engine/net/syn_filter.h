// The seam of refusal at the SYN: asked about the sources of the SYNs of a burst before the stack
// looks for a connection or makes one. Segments of connections that exist are not shown to it.
#pragma once

#include <cstdint>
#include <span>

#include "engine/base/ip_address.h"

namespace sluice::net {

enum class SynVerdict : std::uint8_t { admit, drop, reset };

class SynFilter {
 public:
  static constexpr std::size_t kBurst = 32;  // sources that are asked about together at most

  // On the stack's thread, once per SYN: neither blocks nor allocates. verdicts[i] is about
  // sources[i].
  virtual void verdicts(std::span<const IpAddress> sources, SynVerdict* verdicts) noexcept = 0;

 protected:
  ~SynFilter() = default;
};

}  // namespace sluice::net
