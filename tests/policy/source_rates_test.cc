// Who comes too often is refused until its rate has caught up; others are not touched by it.
#include "engine/policy/source_rates.h"

#include <gtest/gtest.h>

namespace sluice::policy {
namespace {

constexpr Instant kNow{1'000'000'000'000};
constexpr Rate kRate{.per_second = 10, .burst = 3};

IpAddress address(const char* text) { return *IpAddress::parse(text); }

int turns(SourceRates& rates, const char* source, Instant now, int tries = 20) {
  int taken = 0;
  for (int i = 0; i < tries; ++i) taken += rates.take(address(source), kRate, now) ? 1 : 0;
  return taken;
}

TEST(SourceRates, AQuietSourceHasItsBurstAndThenItsRate) {
  SourceRates rates(16);
  EXPECT_EQ(turns(rates, "192.0.2.1", kNow), 3);
  EXPECT_EQ(turns(rates, "192.0.2.1", kNow + milliseconds(99)), 0);
  EXPECT_EQ(turns(rates, "192.0.2.1", kNow + milliseconds(100)), 1);
  EXPECT_EQ(turns(rates, "192.0.2.1", kNow + seconds(60)), 3);
}

TEST(SourceRates, SourcesAreCountedApartAndAV6NetworkTogether) {
  SourceRates rates(16);
  EXPECT_EQ(turns(rates, "192.0.2.1", kNow), 3);
  EXPECT_EQ(turns(rates, "192.0.2.2", kNow), 3);
  EXPECT_EQ(turns(rates, "2001:db8:0:1::1", kNow), 3);
  EXPECT_EQ(turns(rates, "2001:db8:0:1:ffff::2", kNow), 0);
  EXPECT_EQ(turns(rates, "2001:db8:0:2::1", kNow), 3);
}

TEST(SourceRates, EachThingHasTurnsOfItsOwn) {
  SourceRates rates(16);
  EXPECT_EQ(turns(rates, "192.0.2.1", kNow), 3);
  EXPECT_TRUE(rates.take(address("192.0.2.1"), {.what = 1, .per_second = 1, .burst = 1}, kNow));
  EXPECT_FALSE(rates.take(address("192.0.2.1"), {.what = 1, .per_second = 1, .burst = 1}, kNow));
}

TEST(SourceRates, ZeroIsNoLimit) {
  SourceRates rates(16);
  for (int i = 0; i < 10'000; ++i)
    ASSERT_TRUE(rates.take(address("192.0.2.1"), {.per_second = 0, .burst = 1}, kNow));
}

TEST(SourceRates, AFullTableForgetsTheSourceThatIsFreeSoonest) {
  SourceRates rates(4);  // one set
  for (const char* source : {"192.0.2.1", "192.0.2.2", "192.0.2.3"}) turns(rates, source, kNow);
  turns(rates, "192.0.2.4", kNow, 1);
  EXPECT_EQ(turns(rates, "192.0.2.5", kNow), 3);  // takes the place of .4
  for (const char* source : {"192.0.2.1", "192.0.2.2", "192.0.2.3"})
    EXPECT_EQ(turns(rates, source, kNow), 0) << source;
}

}  // namespace
}  // namespace sluice::policy
