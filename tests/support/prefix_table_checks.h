// What every PrefixTable promises, checked against the definition.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <map>

#include "engine/base/random.h"
#include "engine/net/prefix_table.h"

namespace sluice::net::test {

inline void find_the_longest_prefix(PrefixTable& table) {
  const auto insert = [&](const char* prefix, std::uint32_t value) {
    EXPECT_TRUE(table.insert(*Prefix::parse(prefix), value)) << prefix;
  };
  const auto found = [&](const char* address) { return table.find(*IpAddress::parse(address)); };
  insert("10.0.0.0/8", 1);
  insert("10.1.0.0/16", 2);
  insert("10.1.2.3/32", 3);
  insert("2001:db8::/32", 4);
  insert("2001:db8:1::/48", 5);
  insert("2001:db8:1::7/128", 6);
  table.commit();
  EXPECT_EQ(found("10.9.9.9"), 1u);
  EXPECT_EQ(found("10.1.9.9"), 2u);
  EXPECT_EQ(found("10.1.2.3"), 3u);
  EXPECT_EQ(found("11.0.0.0"), PrefixTable::kNone);
  EXPECT_EQ(found("2001:db8:9::1"), 4u);
  EXPECT_EQ(found("2001:db8:1::8"), 5u);
  EXPECT_EQ(found("2001:db8:1::7"), 6u);
  EXPECT_EQ(found("::1"), PrefixTable::kNone);
  insert("0.0.0.0/0", 7);
  table.commit();
  EXPECT_EQ(found("11.0.0.0"), 7u);
  EXPECT_EQ(found("::1"), PrefixTable::kNone);  // every IPv4 address is no IPv6 address
  table.erase(*Prefix::parse("10.1.0.0/16"));
  insert("255.255.255.255/32", 8);
  insert("ffff::/16", 9);
  table.commit();
  EXPECT_EQ(found("255.255.255.255"), 8u);
  EXPECT_EQ(found("255.255.255.254"), 7u);
  EXPECT_EQ(found("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), 9u);
  EXPECT_EQ(found("10.1.9.9"), 1u);
  EXPECT_EQ(found("10.1.2.3"), 3u);
}

// Random prefixes close together, changed and erased, against a search through all of them.
inline void agree_with_linear_search(PrefixTable& table, unsigned prefixes) {
  Random random(7);
  std::map<Prefix, std::uint32_t> all;
  const auto random_address = [&] {
    IpAddress v6 = *IpAddress::parse("2001:db8::");
    v6.octets[5] = static_cast<std::uint8_t>(random.below(4));
    v6.octets[15] = static_cast<std::uint8_t>(random.below(8));
    const auto v4 = static_cast<std::uint32_t>(0x0a000000 + random.below(1 << 14));
    return random.below(2) == 0 ? IpAddress::from_v4(v4) : v6;
  };
  const auto expected = [&](const IpAddress& address) {
    std::uint32_t value = PrefixTable::kNone;
    int longest = -1;
    for (const auto& [prefix, of] : all)
      if (prefix.length > longest && prefix.contains(address)) {
        longest = prefix.length;
        value = of;
      }
    return value;
  };
  for (unsigned i = 0; i < prefixes; ++i) {
    const IpAddress address = random_address();
    const auto length =
        static_cast<std::uint8_t>(address.is_v4() ? 8 + random.below(25) : 32 + random.below(97));
    const Prefix prefix = Prefix{address, length}.network();
    if (random.below(4) == 0) {
      table.erase(prefix);
      all.erase(prefix);
    } else {
      ASSERT_TRUE(table.insert(prefix, i));
      all[prefix] = i;
    }
    table.commit();
    std::array<IpAddress, PrefixTable::kBurst> probes;
    for (IpAddress& probe : probes) probe = random_address();
    const std::size_t count = 1 + random.below(probes.size());
    std::array<std::uint32_t, PrefixTable::kBurst> values;
    table.find({probes.data(), count}, values.data());
    const std::size_t one = random.below(count);
    ASSERT_EQ(values[one], expected(probes[one]))
        << probes[one].text() << " after " << i << " changes";
  }
}

}  // namespace sluice::net::test
