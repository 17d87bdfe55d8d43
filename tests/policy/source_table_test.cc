#include "engine/policy/source_table.h"

#include <map>

#include "engine/base/random.h"

namespace sluice::policy {
namespace {

IpAddress ip(std::string_view text) { return *IpAddress::parse(text); }

TEST(SourceTable, HoldsEachSourceToItsMaximum) {
  SourceTable table(16);
  EXPECT_TRUE(table.enter(ip("192.0.2.1"), 2));
  EXPECT_TRUE(table.enter(ip("192.0.2.1"), 2));
  EXPECT_FALSE(table.enter(ip("192.0.2.1"), 2));
  EXPECT_TRUE(table.enter(ip("192.0.2.2"), 2));
  table.leave(ip("192.0.2.1"));
  EXPECT_TRUE(table.enter(ip("192.0.2.1"), 2));
}

TEST(SourceTable, AnIpv6SourceIsItsSlash64) {
  SourceTable table(16);
  EXPECT_TRUE(table.enter(ip("2001:db8::1"), 1));
  EXPECT_FALSE(table.enter(ip("2001:db8::ffff:2"), 1));
  EXPECT_TRUE(table.enter(ip("2001:db8:0:1::1"), 1));
}

TEST(SourceTable, AFullTableRefusesNewSourcesAndForgetsOldOnes) {
  SourceTable table(4);
  for (std::uint32_t i = 0; i < 4; ++i) EXPECT_TRUE(table.enter(IpAddress::from_v4(i + 1), 9));
  EXPECT_FALSE(table.enter(IpAddress::from_v4(100), 9));
  EXPECT_TRUE(table.enter(IpAddress::from_v4(1), 9));
  table.leave(IpAddress::from_v4(2));
  EXPECT_TRUE(table.enter(IpAddress::from_v4(100), 9));
  EXPECT_EQ(table.sources(), 4u);
}

TEST(SourceTable, CountsAsAMapDoesUnderRandomUse) {
  SourceTable table(64, 99);
  std::map<std::uint32_t, std::uint32_t> model;
  Random random(5);
  for (int step = 0; step < 20'000; ++step) {
    const auto host = static_cast<std::uint32_t>(random.below(60)) + 1;
    const IpAddress source = IpAddress::from_v4(host);
    if (random.chance(0.5)) {
      EXPECT_EQ(table.enter(source, 5), model[host] < 5);
      if (model[host] < 5) ++model[host];
    } else if (model[host] > 0) {
      table.leave(source);
      --model[host];
    }
    ASSERT_EQ(table.sessions_of(source), model[host]);
  }
}

}  // namespace
}  // namespace sluice::policy
