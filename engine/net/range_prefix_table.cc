#include "engine/net/range_prefix_table.h"

#include <array>

#include "engine/base/contract.h"

namespace sluice::net {
namespace {

template <typename Key>
Key key_of(const IpAddress& address) noexcept;

template <>
std::uint32_t key_of(const IpAddress& address) noexcept {
  return address.v4();
}

template <>
Uint128 key_of(const IpAddress& address) noexcept {
  const auto words = address.words();
  return Uint128{words[0]} << 64 | words[1];
}

template <typename Key>
Key last_key(const Prefix& prefix) noexcept {
  const Key host_bits =
      prefix.length == 0 ? ~Key{0} : static_cast<Key>((~Key{0} >> (prefix.length - 1)) >> 1);
  return key_of<Key>(prefix.address) | host_bits;
}

}  // namespace

bool RangePrefixTable::insert(const Prefix& prefix, std::uint32_t value) {
  Prefixes& prefixes = family_of(prefix);
  if (const auto at = prefixes.find(prefix); at != prefixes.end()) {
    at->second = value;
    return true;
  }
  if (v4_.size() + v6_.size() == prefixes_max_) return false;
  prefixes.emplace(prefix, value);
  return true;
}

void RangePrefixTable::erase(const Prefix& prefix) { family_of(prefix).erase(prefix); }

void RangePrefixTable::commit() {
  v4_ranges_.build(v4_);
  v6_ranges_.build(v6_);
}

void RangePrefixTable::find(std::span<const IpAddress> addresses,
                            std::uint32_t* values) const noexcept {
  SLUICE_ASSERT(addresses.size() <= kBurst);
  std::array<std::uint32_t, kBurst> v4;
  std::array<Uint128, kBurst> v6;
  std::array<std::uint32_t, kBurst> v4_values, v6_values;
  std::size_t v4_count = 0, v6_count = 0;
  for (const IpAddress& address : addresses) {
    if (address.is_v4()) {
      v4[v4_count++] = key_of<std::uint32_t>(address);
    } else {
      v6[v6_count++] = key_of<Uint128>(address);
    }
  }
  v4_ranges_.find({v4.data(), v4_count}, v4_values.data());
  v6_ranges_.find({v6.data(), v6_count}, v6_values.data());
  v4_count = v6_count = 0;
  for (const IpAddress& address : addresses)
    *values++ = address.is_v4() ? v4_values[v4_count++] : v6_values[v6_count++];
}

// The prefixes come in the order of their first addresses, those that contain others before these:
// what is open at any address is a pile, and its top is the longest.
template <typename Key>
void RangePrefixTable::Ranges<Key>::build(const Prefixes& prefixes) {
  struct Open {
    Key last;
    std::uint32_t value;
  };
  std::vector<Open> open{{~Key{0}, kNone}};
  first.assign(1, Key{0});
  value.assign(1, kNone);
  const auto begin_range = [this](Key at, std::uint32_t with) {
    if (first.back() == at) {
      value.back() = with;
    } else if (value.back() != with) {
      first.push_back(at);
      value.push_back(with);
    }
  };
  const auto close_before = [&](Key at) {
    while (open.back().last < at) {
      const Key next = open.back().last + 1;
      open.pop_back();
      begin_range(next, open.back().value);
    }
  };
  for (const auto& [prefix, with] : prefixes) {
    const Key at = key_of<Key>(prefix.address);
    close_before(at);
    begin_range(at, with);
    open.push_back({last_key<Key>(prefix), with});
  }
  while (open.back().last != ~Key{0}) close_before(open.back().last + 1);
}

// All keys take the same steps, each of which waits only for its own key's last one.
template <typename Key>
void RangePrefixTable::Ranges<Key>::find(std::span<const Key> keys,
                                         std::uint32_t* values) const noexcept {
  std::array<std::uint32_t, kBurst> at{};
  for (std::size_t left = first.size(); left > 1;) {
    const auto half = static_cast<std::uint32_t>(left / 2);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const bool beyond = first[at[i] + half] <= keys[i];
      at[i] += half & -static_cast<std::uint32_t>(beyond);
    }
    left -= half;
  }
  for (std::size_t i = 0; i < keys.size(); ++i) values[i] = value[at[i]];
}

}  // namespace sluice::net
