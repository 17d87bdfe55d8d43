#include "engine/net/dpdk/fib_prefix_table.h"

#include <fmt/format.h>
#include <rte_errno.h>
#include <rte_fib.h>
#include <rte_fib6.h>
#include <rte_memory.h>

#include <array>
#include <cstring>

#include "engine/base/contract.h"

namespace sluice::net {

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

void FibPrefixTable::find(std::span<const IpAddress> addresses,
                          std::uint32_t* values) const noexcept {
  SLUICE_ASSERT(addresses.size() <= kBurst);
  std::array<std::uint32_t, kBurst> v4;
  std::array<std::uint8_t[RTE_FIB6_IPV6_ADDR_SIZE], kBurst> v6;
  std::array<std::uint64_t, kBurst> v4_values, v6_values;
  unsigned v4_count = 0, v6_count = 0;
  for (const IpAddress& address : addresses) {
    if (address.is_v4()) {
      v4[v4_count++] = address.v4();
    } else {
      std::memcpy(v6[v6_count++], address.octets.data(), address.octets.size());
    }
  }
  if (v4_count > 0)
    rte_fib_lookup_bulk(v4_, v4.data(), v4_values.data(), static_cast<int>(v4_count));
  if (v6_count > 0)
    rte_fib6_lookup_bulk(v6_, v6.data(), v6_values.data(), static_cast<int>(v6_count));
  v4_count = v6_count = 0;
  for (const IpAddress& address : addresses) {
    const std::uint64_t value = address.is_v4() ? v4_values[v4_count++] : v6_values[v6_count++];
    *values++ = static_cast<std::uint32_t>(value);
  }
}

}  // namespace sluice::net
