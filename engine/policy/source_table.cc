#include "engine/policy/source_table.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "engine/base/contract.h"

namespace sluice::policy {
namespace {

std::uint64_t mix(std::uint64_t value) noexcept {  // the finaliser of splitmix64
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
  return value ^ (value >> 31);
}

}  // namespace

IpAddress source_of(const IpAddress& address) noexcept {
  IpAddress source = address;
  if (!source.is_v4()) std::fill(source.octets.begin() + 8, source.octets.end(), std::uint8_t{0});
  return source;
}

std::uint64_t hash_of(const IpAddress& source, std::uint64_t seed) noexcept {
  std::uint64_t words[2];
  std::memcpy(words, source.octets.data(), sizeof words);
  return mix(mix(words[0] ^ seed) ^ words[1]);
}

SourceTable::SourceTable(std::size_t sessions, std::uint64_t seed)
    : cells_(std::bit_ceil(2 * std::max<std::size_t>(sessions, 1))),
      mask_(cells_.size() - 1),
      seed_(seed) {}

std::size_t SourceTable::home_of(const IpAddress& source) const noexcept {
  return hash_of(source, seed_) & mask_;
}

// Ends because at least half of the cells are free.
std::size_t SourceTable::cell_of(const IpAddress& source) const noexcept {
  std::size_t at = home_of(source);
  while (cells_[at].sessions != 0 && cells_[at].source != source) at = (at + 1) & mask_;
  return at;
}

bool SourceTable::enter(const IpAddress& address, std::uint32_t max) noexcept {
  const IpAddress source = source_of(address);
  Cell& cell = cells_[cell_of(source)];
  if (cell.sessions >= max) return false;
  if (cell.sessions == 0) {
    if (2 * (used_ + 1) > cells_.size()) return false;
    cell.source = source;
    ++used_;
  }
  ++cell.sessions;
  return true;
}

void SourceTable::leave(const IpAddress& address) noexcept {
  const std::size_t at = cell_of(source_of(address));
  SLUICE_ASSERT(cells_[at].sessions > 0);
  if (--cells_[at].sessions > 0) return;
  --used_;
  close_gap(at);
}

// Moves back every follower that its own probe would no longer reach across the hole.
void SourceTable::close_gap(std::size_t hole) noexcept {
  for (std::size_t at = (hole + 1) & mask_; cells_[at].sessions != 0; at = (at + 1) & mask_) {
    const std::size_t home = home_of(cells_[at].source);
    if (((at - home) & mask_) < ((at - hole) & mask_)) continue;
    cells_[hole] = cells_[at];
    cells_[at].sessions = 0;
    hole = at;
  }
}

std::uint32_t SourceTable::sessions_of(const IpAddress& address) const noexcept {
  return cells_[cell_of(source_of(address))].sessions;
}

}  // namespace sluice::policy
