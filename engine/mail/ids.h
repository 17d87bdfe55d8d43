// The identifiers of the mail log: injection connection (ICID), message (MID), recipient within a
// message (RID) and delivery connection (DCID). Unique over all cores and restarts.
#pragma once

#include <cstdint>

namespace sluice {

using Icid = std::uint64_t;
using Mid = std::uint64_t;
using Rid = std::uint32_t;
using Dcid = std::uint64_t;

// Ids of one core: first, first + step, first + 2 * step …
class IdSequence {
 public:
  IdSequence(std::uint64_t first, std::uint64_t step) : next_(first), step_(step) {}
  std::uint64_t take() noexcept {
    const std::uint64_t id = next_;
    next_ += step_;
    return id;
  }
  std::uint64_t next() const noexcept { return next_; }

 private:
  std::uint64_t next_;
  std::uint64_t step_;
};

}  // namespace sluice
