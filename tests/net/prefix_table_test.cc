#include <gtest/gtest.h>

#include "engine/net/range_prefix_table.h"
#include "tests/support/prefix_table_checks.h"

namespace sluice::net::test {

TEST(RangePrefixTable, FindsTheLongestPrefixThatCoversAnAddress) {
  RangePrefixTable table(100);
  find_the_longest_prefix(table);
}

TEST(RangePrefixTable, AgreesWithASearchThroughAllPrefixes) {
  RangePrefixTable table(2'000);
  agree_with_linear_search(table, 1'000);
}

TEST(RangePrefixTable, WhenItIsFullNothingNewGoesInAndWhatIsThereCanChange) {
  RangePrefixTable table(1);
  const Prefix first = *Prefix::parse("192.0.2.0/24");
  EXPECT_TRUE(table.insert(first, 1));
  EXPECT_FALSE(table.insert(*Prefix::parse("198.51.100.0/24"), 2));
  EXPECT_TRUE(table.insert(first, 3));
  table.commit();
  EXPECT_EQ(table.find(*IpAddress::parse("192.0.2.9")), 3u);
}

}  // namespace sluice::net::test
