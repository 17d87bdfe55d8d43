#include "engine/delivery/retry_schedule.h"

namespace sluice::delivery {
namespace {

constexpr WallTime kReceived{1'800'000'000LL * 1'000'000'000};

TEST(RetrySchedule, DoublesFromTheFirstDelayUpToTheLongest) {
  const config::Delivery config;
  Random random(1);
  const std::int64_t expected_minutes[] = {15, 30, 60, 120, 240, 240, 240};
  for (unsigned failures = 0; failures < std::size(expected_minutes); ++failures) {
    const Duration least = minutes(expected_minutes[failures]);
    const Duration delay = retry_delay(config, failures, random);
    EXPECT_GE(delay, least);
    EXPECT_LE(delay, least + least / 8);
  }
  EXPECT_LE(retry_delay(config, 65'535, random), hours(4) + minutes(30));
}

TEST(RetrySchedule, MessagesThatFailTogetherDoNotComeBackTogether) {
  const config::Delivery config;
  Random random(1);
  EXPECT_NE(retry_delay(config, 0, random), retry_delay(config, 0, random));
}

TEST(RetrySchedule, TheLastAttemptIsAtExpiryAndThenThereIsNone) {
  const config::Delivery config;
  Random random(1);
  const QueueLife life{kReceived, false};
  const WallTime end = kReceived + config.expire;
  EXPECT_EQ(next_attempt(config, life, end - minutes(5), 9, random), end);
  EXPECT_EQ(next_attempt(config, life, end, 10, random), std::nullopt);
}

TEST(RetrySchedule, ABounceLivesShorter) {
  const config::Delivery config;
  Random random(1);
  const WallTime day_later = kReceived + hours(24);
  EXPECT_EQ(next_attempt(config, {kReceived, true}, day_later, 9, random), std::nullopt);
  EXPECT_NE(next_attempt(config, {kReceived, false}, day_later, 9, random), std::nullopt);
}

}  // namespace
}  // namespace sluice::delivery
