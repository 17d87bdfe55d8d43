// How many sessions each source has open at once, for sessions_per_source_max. Fixed size, planned
// at start: no source can make it grow.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/base/ip_address.h"

namespace sluice::policy {

// What counts as one source: an IPv4 address or an IPv6 /64, all of which one host commands.
IpAddress source_of(const IpAddress& address) noexcept;
std::uint64_t hash_of(const IpAddress& source, std::uint64_t seed) noexcept;

class SourceTable {
 public:
  // `sessions` = how many may be open at once in all. The seed keeps a peer from choosing addresses
  // that collide.
  explicit SourceTable(std::size_t sessions, std::uint64_t seed = 0);

  // Counts one more session of the source; false when it has `max` already or the table is full.
  bool enter(const IpAddress& source, std::uint32_t max) noexcept;
  void leave(const IpAddress& source) noexcept;  // one that was let in
  std::uint32_t sessions_of(const IpAddress& source) const noexcept;
  std::size_t sources() const noexcept { return used_; }

 private:
  struct Cell {
    IpAddress source;
    std::uint32_t sessions = 0;  // 0 = the cell is free
  };

  std::size_t home_of(const IpAddress& source) const noexcept;
  std::size_t cell_of(const IpAddress& source) const noexcept;  // its cell or the free one for it
  void close_gap(std::size_t hole) noexcept;

  std::vector<Cell> cells_;  // open addressing, linear probing, at most half full
  std::size_t mask_;
  std::size_t used_ = 0;
  std::uint64_t seed_;
};

}  // namespace sluice::policy
