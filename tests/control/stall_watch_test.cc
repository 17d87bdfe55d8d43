#include "engine/control/stall_watch.h"

#include <gtest/gtest.h>

namespace sluice::control {
namespace {

constexpr Duration kLook = milliseconds(20);

// Looks for so long; true: it was found stalled.
bool looks(StallWatch& watch, Instant& now, Duration time, std::uint64_t rounds, Duration limit) {
  bool stalled = false;
  for (const Instant end = now + time; now < end; now = now + kLook)
    stalled = watch.stalled(now, rounds, limit);
  return stalled;
}

TEST(StallWatch, AWorkerThatMakesNoRoundForTheLimitIsStalled) {
  StallWatch watch;
  Instant now{seconds(100).ns};
  EXPECT_FALSE(looks(watch, now, seconds(2), 7, seconds(3)));
  EXPECT_FALSE(looks(watch, now, seconds(2), 8, seconds(3)));  // it has come round between
  EXPECT_TRUE(looks(watch, now, seconds(2), 8, seconds(3)));
}

TEST(StallWatch, WhatStopsTheWatchTooIsNoStall) {
  StallWatch watch;
  Instant now{seconds(100).ns};
  looks(watch, now, seconds(1), 7, seconds(3));
  now = now + hours(1);
  EXPECT_FALSE(watch.stalled(now, 7, seconds(3)));
}

TEST(StallWatch, WithoutALimitNothingIs) {
  StallWatch watch;
  Instant now{seconds(100).ns};
  EXPECT_FALSE(looks(watch, now, minutes(5), 7, {}));
}

}  // namespace
}  // namespace sluice::control
