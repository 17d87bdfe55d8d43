#include "engine/base/timer_wheel.h"

#include <map>

#include "engine/base/random.h"

namespace sluice {
namespace {

int fired = 0;
void count(Timer&, Instant) { ++fired; }

}  // namespace

TEST(TimerWheel, NeverFiresEarlyAndAtMostOneTickLate) {
  Random random(7);
  TimerWheel wheel;
  static std::int64_t worst_late;
  static bool early;
  worst_late = 0;
  early = false;
  auto check = [](Timer& timer, Instant now) {
    early = early || now < timer.due;
    worst_late = std::max(worst_late, (now - timer.due).ns);
    ++fired;
  };
  fired = 0;
  std::vector<std::unique_ptr<Timer>> timers;
  for (int i = 0; i < 2000; ++i) {
    timers.push_back(std::make_unique<Timer>(check));
    wheel.set(*timers.back(), Instant{static_cast<std::int64_t>(random.below(100'000'000'000))});
  }
  for (Instant now{}; now.ns <= 100'001'000'000; now = now + milliseconds(1)) wheel.advance(now);
  EXPECT_EQ(fired, 2000);
  EXPECT_FALSE(early);
  EXPECT_LE(worst_late, milliseconds(1).ns);
}

TEST(TimerWheel, CancelledAndMovedTimersDoNotFireAtTheOldTime) {
  TimerWheel wheel;
  Timer a(count), b(count);
  fired = 0;
  wheel.set(a, Instant{} + milliseconds(5));
  wheel.set(b, Instant{} + milliseconds(5));
  a.cancel();
  wheel.set(b, Instant{} + milliseconds(500));
  wheel.advance(Instant{} + milliseconds(499));
  EXPECT_EQ(fired, 0);
  wheel.advance(Instant{} + milliseconds(500));
  EXPECT_EQ(fired, 1);
}

TEST(TimerWheel, EveryDistanceAroundTheLevelBoundariesFiresOnTime) {
  for (std::int64_t start : {0, 1, 255, 256, 65'535, 65'536}) {
    for (std::int64_t distance : {1, 254, 255, 256, 257, 511, 512, 65'535, 65'536, 65'537}) {
      TimerWheel wheel(Instant{} + milliseconds(start));
      Timer timer(count);
      fired = 0;
      wheel.set(timer, Instant{} + milliseconds(start + distance));
      wheel.advance(Instant{} + milliseconds(start + distance - 1));
      EXPECT_EQ(fired, 0) << start << "+" << distance;
      wheel.advance(Instant{} + milliseconds(start + distance));
      EXPECT_EQ(fired, 1) << start << "+" << distance;
    }
  }
}

TEST(TimerWheel, NextDueIsNeverLaterThanTheTimer) {
  for (std::int64_t distance : {1, 100, 255, 256, 300, 70'000}) {
    TimerWheel wheel;
    Timer timer(count);
    wheel.set(timer, Instant{} + milliseconds(distance));
    EXPECT_LE(wheel.next_due(), timer.due) << distance;
  }
}

}  // namespace sluice
