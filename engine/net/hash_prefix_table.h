// A PrefixTable of ordinary memory for short lists: a hash table, asked once per prefix length in
// use, longest first.
#pragma once

#include <array>
#include <unordered_map>
#include <vector>

#include "engine/net/prefix_table.h"

namespace sluice::net {

class HashPrefixTable final : public PrefixTable {
 public:
  // Octets that one prefix takes, for planning.
  static constexpr std::size_t kBytesPerPrefix = 64;

  explicit HashPrefixTable(std::size_t prefixes_max);

  bool insert(const Prefix& prefix, std::uint32_t value) override;
  void erase(const Prefix& prefix) override;
  std::uint32_t find(const IpAddress& address) const noexcept override;

 private:
  struct Hash {
    std::size_t operator()(const Prefix& prefix) const noexcept;
  };
  // Prefixes of one family by length, and the lengths that occur, longest first.
  struct Family {
    std::array<std::uint32_t, 129> count{};
    std::vector<std::uint8_t> lengths;

    void note(std::uint8_t length, int change);
  };
  Family& family_of(const Prefix& prefix) noexcept { return prefix.address.is_v4() ? v4_ : v6_; }

  std::size_t prefixes_max_;
  std::unordered_map<Prefix, std::uint32_t, Hash> values_;
  Family v4_;
  Family v6_;
};

}  // namespace sluice::net
