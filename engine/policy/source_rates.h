// How often each source may do each thing: so many at once, then so many a second. Fixed size,
// planned at start; when more sources are active than it has cells for, the one that would be free
// soonest is forgotten.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/ip_address.h"

namespace sluice::policy {

struct Rate {
  std::uint32_t what = 0;        // each thing has turns of its own
  std::uint32_t per_second = 0;  // 0 = no limit
  std::uint32_t burst = 1;       // at once, from a source that was quiet
};

class SourceRates {
 public:
  // `sources` are remembered at once. The seed keeps a peer from choosing addresses that collide.
  explicit SourceRates(std::size_t sources, std::uint64_t seed = 0);

  // True, and counted, when the source has a turn left.
  bool take(const IpAddress& source, const Rate& rate, Instant now) noexcept;

  static constexpr std::size_t bytes_per_source() noexcept { return sizeof(Cell); }

 private:
  static constexpr std::size_t kWays = 4;  // cells that a source may have

  // One instant says all (the generic cell rate algorithm): each turn moves it on by the time
  // between two turns; the source is ahead of its rate by what lies between now and it.
  struct Cell {
    IpAddress source;
    std::uint32_t what = 0;
    Instant paid_until{};
  };

  Cell& cell_of(const IpAddress& source, std::uint32_t what) noexcept;

  std::vector<Cell> cells_;
  std::size_t mask_;
  std::uint64_t seed_;
};

}  // namespace sluice::policy
