#include "engine/net/dpdk/fib_prefix_table.h"

#include <fmt/format.h>
#include <rte_errno.h>
#include <rte_fib.h>
#include <rte_fib6.h>
#include <rte_memory.h>

namespace sluice::net {
namespace {

constexpr std::uint64_t kFirstLevelBytes = (std::uint64_t{1} << 24) * 4;  // of each family
constexpr std::uint64_t kGroupBytes = 256 * 4;
constexpr std::uint64_t kNodeBytes = 192;  // of the tree of prefixes, two per prefix

}  // namespace

std::uint64_t FibPrefixTable::bytes_needed(const FibOptions& options) {
  return 2 *
         (kFirstLevelBytes + options.groups * kGroupBytes + 2 * options.prefixes_max * kNodeBytes);
}

std::expected<std::unique_ptr<FibPrefixTable>, std::string> FibPrefixTable::create(
    const std::string& name, const FibOptions& options) {
  rte_fib_conf v4_conf{};
  v4_conf.type = RTE_FIB_DIR24_8;
  v4_conf.default_nh = kNone;
  v4_conf.max_routes = static_cast<int>(options.prefixes_max);
  v4_conf.dir24_8 = {RTE_FIB_DIR24_8_4B, options.groups};
  rte_fib6_conf v6_conf{};
  v6_conf.type = RTE_FIB6_TRIE;
  v6_conf.default_nh = kNone;
  v6_conf.max_routes = static_cast<int>(options.prefixes_max);
  v6_conf.trie = {RTE_FIB6_TRIE_4B, options.groups};
  std::unique_ptr<FibPrefixTable> table(
      new FibPrefixTable(rte_fib_create((name + "_4").c_str(), SOCKET_ID_ANY, &v4_conf),
                         rte_fib6_create((name + "_6").c_str(), SOCKET_ID_ANY, &v6_conf)));
  if (table->v4_ != nullptr && table->v6_ != nullptr) return table;
  return std::unexpected(fmt::format("no memory for a table of {} prefixes ({} MiB): {}",
                                     options.prefixes_max, bytes_needed(options) >> 20,
                                     rte_strerror(rte_errno)));
}

FibPrefixTable::~FibPrefixTable() {
  rte_fib_free(v4_);
  rte_fib6_free(v6_);
}

bool FibPrefixTable::insert(const Prefix& prefix, std::uint32_t value) {
  const IpAddress& address = prefix.address;
  return address.is_v4() ? rte_fib_add(v4_, address.v4(), prefix.length, value) == 0
                         : rte_fib6_add(v6_, address.octets.data(), prefix.length, value) == 0;
}

void FibPrefixTable::erase(const Prefix& prefix) {
  const IpAddress& address = prefix.address;
  if (address.is_v4()) {
    rte_fib_delete(v4_, address.v4(), prefix.length);
  } else {
    rte_fib6_delete(v6_, address.octets.data(), prefix.length);
  }
}

std::uint32_t FibPrefixTable::find(const IpAddress& address) const noexcept {
  std::uint64_t value = kNone;
  if (address.is_v4()) {
    std::uint32_t v4 = address.v4();
    rte_fib_lookup_bulk(v4_, &v4, &value, 1);
  } else {
    std::uint8_t v6[1][RTE_FIB6_IPV6_ADDR_SIZE];
    std::copy(address.octets.begin(), address.octets.end(), v6[0]);
    rte_fib6_lookup_bulk(v6_, v6, &value, 1);
  }
  return static_cast<std::uint32_t>(value);
}

}  // namespace sluice::net
