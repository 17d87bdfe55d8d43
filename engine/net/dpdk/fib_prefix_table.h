// A PrefixTable for long lists in DPDK's rte_fib (DIR-24-8) and rte_fib6 (a trie): one to three
// memory accesses for an IPv4 address however many prefixes there are.
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "engine/net/prefix_table.h"

struct rte_fib;
struct rte_fib6;

namespace sluice::net {

struct FibOptions {
  std::uint32_t prefixes_max = 200'000;
  // Groups of 256 entries for what is longer than /24, of each family: one per IPv4 /24 that has
  // longer prefixes, one per octet of an IPv6 prefix beyond the third that is not shared.
  std::uint32_t groups = 65'536;
};

class FibPrefixTable final : public PrefixTable {
 public:
  // After the start of DPDK; from its memory. `name` is unique in the process.
  static std::expected<std::unique_ptr<FibPrefixTable>, std::string> create(
      const std::string& name, const FibOptions& options);
  // Octets of DPDK memory that one table takes.
  static constexpr std::uint64_t bytes_needed(const FibOptions& options) {
    constexpr std::uint64_t kFirstLevel = (std::uint64_t{1} << 24) * 4;
    constexpr std::uint64_t kGroup = 256 * 4;
    constexpr std::uint64_t kNode = 192;  // of the tree of prefixes, two per prefix
    const std::uint64_t family =
        kFirstLevel + options.groups * kGroup + 2ull * options.prefixes_max * kNode;
    return 2 * family;
  }

  ~FibPrefixTable() override;
  FibPrefixTable(const FibPrefixTable&) = delete;
  FibPrefixTable& operator=(const FibPrefixTable&) = delete;

  bool insert(const Prefix& prefix, std::uint32_t value) override;
  void erase(const Prefix& prefix) override;
  using PrefixTable::find;
  void find(std::span<const IpAddress> addresses, std::uint32_t* values) const noexcept override;

 private:
  FibPrefixTable(rte_fib* v4, rte_fib6* v6) : v4_(v4), v6_(v6) {}

  rte_fib* v4_;
  rte_fib6* v6_;
};

}  // namespace sluice::net
