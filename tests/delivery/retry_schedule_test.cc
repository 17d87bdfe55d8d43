#include "engine/delivery/retry_schedule.h"

namespace sluice::delivery {
namespace {

constexpr WallTime kReceived{1'800'000'000LL * 1'000'000'000};
const config::Delivery kDefaults;

TEST(RetrySchedule, FollowsTheTableAndGoesOnWithItsLastWait) {
  Random random(1);
  const RetryTable table = retry_table(kDefaults, nullptr, false);
  const std::int64_t expected_minutes[] = {15, 30, 60, 120, 240, 240, 240};
  for (unsigned failures = 0; failures < std::size(expected_minutes); ++failures)
    EXPECT_EQ(retry_wait(table, failures, random), minutes(expected_minutes[failures]));
  EXPECT_EQ(retry_wait(table, 65'535, random), hours(4));
}

TEST(RetrySchedule, ASpreadKeepsThoseApartThatFailTogether) {
  config::Delivery config;
  config.retry_spread = 20;
  Random random(1);
  const RetryTable table = retry_table(config, nullptr, false);
  const Duration wait = retry_wait(table, 0, random);
  EXPECT_NE(wait, retry_wait(table, 0, random));
  EXPECT_GE(wait, minutes(15));
  EXPECT_LE(wait, minutes(18));
}

TEST(RetrySchedule, TheLastAttemptIsAtExpiryAndThenThereIsNone) {
  Random random(1);
  const RetryTable table = retry_table(kDefaults, nullptr, false);
  const WallTime end = kReceived + kDefaults.expire;
  EXPECT_EQ(next_attempt(table, kReceived, end - minutes(5), 9, random), end);
  EXPECT_EQ(next_attempt(table, kReceived, end, 10, random), std::nullopt);
}

TEST(RetrySchedule, ABounceLivesShorter) {
  Random random(1);
  const WallTime day_later = kReceived + hours(24);
  const RetryTable bounce = retry_table(kDefaults, nullptr, true);
  const RetryTable message = retry_table(kDefaults, nullptr, false);
  EXPECT_EQ(next_attempt(bounce, kReceived, day_later, 9, random), std::nullopt);
  EXPECT_NE(next_attempt(message, kReceived, day_later, 9, random), std::nullopt);
}

TEST(RetrySchedule, ARuleHasWaitsAndAnAgeOfItsOwn) {
  Random random(1);
  config::ReplyRule rule;
  EXPECT_EQ(retry_table(kDefaults, &rule, false).waits, &kDefaults.retry);
  EXPECT_EQ(retry_table(kDefaults, &rule, true).expire, kDefaults.bounce_expire);
  rule.retry = {minutes(5)};
  rule.expire = hours(2);
  const RetryTable table = retry_table(kDefaults, &rule, false);
  EXPECT_EQ(retry_wait(table, 7, random), minutes(5));
  EXPECT_EQ(next_attempt(table, kReceived, kReceived + hours(2), 3, random), std::nullopt);
}

TEST(RetrySchedule, TheLongestWaitCountsRulesAndSpread) {
  config::Config config;
  EXPECT_EQ(longest_wait(config), hours(8));
  config.reply_rules = {{.domain = "*", .match = "4*", .retry = {hours(1), hours(12)}}};
  EXPECT_EQ(longest_wait(config), hours(24));
}

}  // namespace
}  // namespace sluice::delivery
