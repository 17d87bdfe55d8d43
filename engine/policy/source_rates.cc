#include "engine/policy/source_rates.h"

#include <algorithm>
#include <bit>
#include <span>

#include "engine/policy/source_table.h"

namespace sluice::policy {

SourceRates::SourceRates(std::size_t sources, std::uint64_t seed)
    : cells_(std::bit_ceil(std::max(sources, kWays))), mask_(cells_.size() - 1), seed_(seed) {}

SourceRates::Cell& SourceRates::cell_of(const IpAddress& source, std::uint32_t what) noexcept {
  const std::size_t first = hash_of(source, seed_ + what) & mask_ & ~(kWays - 1);
  const std::span<Cell> set(&cells_[first], kWays);
  const auto known = std::ranges::find_if(
      set, [&](const Cell& cell) { return cell.source == source && cell.what == what; });
  if (known != set.end()) return *known;
  Cell& cell = *std::ranges::min_element(set, {}, &Cell::paid_until);
  cell = {source, what, Instant{}};
  return cell;
}

bool SourceRates::take(const IpAddress& address, const Rate& rate, Instant now) noexcept {
  if (rate.per_second == 0) return true;
  const Duration between{seconds(1).ns / rate.per_second};
  const Duration ahead_max{between.ns * (static_cast<std::int64_t>(rate.burst) - 1)};
  Cell& cell = cell_of(source_of(address), rate.what);
  if (cell.paid_until > now + ahead_max) return false;
  cell.paid_until = std::max(cell.paid_until, now) + between;
  return true;
}

}  // namespace sluice::policy
