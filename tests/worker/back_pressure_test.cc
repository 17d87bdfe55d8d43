// The levels of back pressure over made-up readings.
#include "engine/worker/back_pressure.h"

#include <gtest/gtest.h>

#include "engine/config/pressure_keys.h"

namespace sluice::worker {

TEST(BackPressure, TheQueueRisesAndFallsAtTheEdgesOfExchange) {
  BackPressure pressure;
  const auto level = [&](std::uint64_t value) {
    pressure.update(Resource::queue, value);
    return pressure.level();
  };
  EXPECT_EQ(level(9'998), PressureLevel::low);
  EXPECT_EQ(level(9'999), PressureLevel::medium);
  EXPECT_EQ(level(14'999), PressureLevel::medium);
  EXPECT_EQ(level(15'000), PressureLevel::high);
  EXPECT_EQ(level(10'001), PressureLevel::high);
  EXPECT_EQ(level(10'000), PressureLevel::medium);
  EXPECT_EQ(level(2'001), PressureLevel::medium);
  EXPECT_EQ(level(2'000), PressureLevel::low);
  EXPECT_EQ(level(9'998), PressureLevel::low);
}

TEST(BackPressure, TheDiskRisesAndFallsAtTheEdgesOfExchange) {
  BackPressure pressure;
  const std::pair<std::uint64_t, PressureLevel> steps[] = {
      {95, PressureLevel::low},  {96, PressureLevel::medium}, {99, PressureLevel::high},
      {98, PressureLevel::high}, {97, PressureLevel::medium}, {95, PressureLevel::medium},
      {94, PressureLevel::low},  {100, PressureLevel::high},  {0, PressureLevel::low}};
  for (const auto& [value, expected] : steps) {
    pressure.update(Resource::disk, value);
    EXPECT_EQ(pressure.level(), expected) << value;
  }
}

TEST(BackPressure, TheHardestPressedResourceDecides) {
  BackPressure pressure;
  pressure.update(Resource::queue, 20'000);
  pressure.update(Resource::disk, 96);
  EXPECT_EQ(pressure.level(), PressureLevel::high);
  pressure.update(Resource::queue, 0);
  EXPECT_EQ(pressure.level(), PressureLevel::medium);
  pressure.update(Resource::disk, 0);
  pressure.update(Resource::memory, 75);
  EXPECT_EQ(pressure.level(), PressureLevel::high);
}

TEST(BackPressure, AChangeIsToldOnceWithTheLevelBefore) {
  BackPressure pressure;
  EXPECT_FALSE(pressure.update(Resource::disk, 50));
  EXPECT_EQ(pressure.update(Resource::disk, 99), PressureLevel::low);
  EXPECT_FALSE(pressure.update(Resource::disk, 98));
  EXPECT_EQ(pressure.update(Resource::disk, 10), PressureLevel::high);
  EXPECT_EQ(describe(Resource::disk, {PressureLevel::medium, 96}),
            "disk medium (96 % of the queue's file system in use)");
}

TEST(BackPressure, EdgesThatDoNotRiseAreNamed) {
  EXPECT_TRUE(config::pressure_faults({}).empty());
  config::BackPressure limits;
  limits.disk_high_ends = 99;
  const auto faults = config::pressure_faults(limits);
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_EQ(faults[0].first, "disk_high_ends");
  EXPECT_EQ(faults[0].second, "disk_high_ends 99 is not below disk_high (99)");
}

TEST(BackPressure, NewLimitsCountFromTheNextReadingOn) {
  BackPressure pressure;
  pressure.update(Resource::queue, 100);
  config::BackPressure limits;
  limits.queue_medium_ends = 10;
  limits.queue_medium = 50;
  pressure.configure(limits);
  EXPECT_EQ(pressure.update(Resource::queue, 100), PressureLevel::low);
  EXPECT_EQ(pressure.level(), PressureLevel::medium);
}

}  // namespace sluice::worker
