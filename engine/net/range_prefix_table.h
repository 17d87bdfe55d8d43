// A PrefixTable of ordinary memory: the prefixes cut the addresses of a family into ranges, each
// with one value, and a lookup is a binary search for a range, without a branch and for a burst of
// addresses at once. It takes a hundredth of the memory of rte_fib, and of its time to start.
#pragma once

#include <map>
#include <vector>

#include "engine/net/prefix_table.h"

namespace sluice::net {

__extension__ using Uint128 = unsigned __int128;

class RangePrefixTable final : public PrefixTable {
 public:
  // Octets that one prefix takes at most, for planning: a node of the map, two ranges and, during
  // commit(), as much for what they replace.
  static constexpr std::size_t kBytesPerPrefix = 64 + 2 * 2 * (sizeof(Uint128) + 4);

  explicit RangePrefixTable(std::size_t prefixes_max) : prefixes_max_(prefixes_max) { commit(); }

  bool insert(const Prefix& prefix, std::uint32_t value) override;
  void erase(const Prefix& prefix) override;
  void commit() override;
  using PrefixTable::find;
  void find(std::span<const IpAddress> addresses, std::uint32_t* values) const noexcept override;

 private:
  // Range i is from first[i] to before first[i + 1]; the first one begins at zero.
  template <typename Key>
  struct Ranges {
    std::vector<Key> first;
    std::vector<std::uint32_t> value;

    void build(const std::map<Prefix, std::uint32_t>& prefixes);
    void find(std::span<const Key> keys, std::uint32_t* values) const noexcept;
  };
  using Prefixes = std::map<Prefix, std::uint32_t>;  // each before those that lie in it
  Prefixes& family_of(const Prefix& prefix) noexcept { return prefix.address.is_v4() ? v4_ : v6_; }

  std::size_t prefixes_max_;
  Prefixes v4_;
  Prefixes v6_;
  Ranges<std::uint32_t> v4_ranges_;
  Ranges<Uint128> v6_ranges_;
};

}  // namespace sluice::net
