#include "engine/base/timer_wheel.h"

#include <map>

#include "engine/base/random.h"

namespace sluice {
namespace {

int fired = 0;
void count(Timer&, Instant) { ++fired; }

}  // namespace

TEST(TimerWheel, NeverFiresEarlyAndAtTheFirstAdvanceAfterItIsDue) {
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

TEST(TimerWheel, NextDueIsExactAndNeverWhenNothingIsSet) {
  for (std::int64_t distance : {1LL, 100LL, 65'536LL, 17'000'000LL, 4'300'000'000LL}) {
    TimerWheel wheel(Instant{12'345});
    EXPECT_EQ(wheel.next_due(), Instant::never());
    Timer timer(count), later(count);
    wheel.set(timer, Instant{12'345 + distance});
    wheel.set(later, Instant{12'346 + distance});
    EXPECT_EQ(wheel.next_due(), timer.due) << distance;
    timer.cancel();
    EXPECT_EQ(wheel.next_due(), later.due) << distance;
  }
}

TEST(TimerWheel, TimersOfOneSlotFireEachAtItsOwnTime) {
  TimerWheel wheel;
  Timer a(count), b(count);
  fired = 0;
  wheel.set(a, Instant{70'001});
  wheel.set(b, Instant{70'003});
  wheel.advance(Instant{70'000});
  EXPECT_EQ(fired, 0);
  wheel.advance(Instant{70'002});
  EXPECT_EQ(fired, 1);
  wheel.advance(Instant{70'003});
  EXPECT_EQ(fired, 2);
}

TEST(TimerWheel, ATimerSetForThePastInAJumpFiresAndIsNotLost) {
  TimerWheel wheel;
  Timer again([](Timer&, Instant) { ++fired; });
  Timer first([](Timer& timer, Instant) {
    ++fired;
    static_cast<std::pair<TimerWheel*, Timer*>*>(timer.owner)
        ->first->set(*static_cast<std::pair<TimerWheel*, Timer*>*>(timer.owner)->second,
                     Instant{1});
  });
  std::pair<TimerWheel*, Timer*> both{&wheel, &again};
  first.owner = &both;
  fired = 0;
  wheel.set(first, Instant{5});
  wheel.advance(Instant{} + seconds(10));
  wheel.advance(Instant{} + seconds(10));
  EXPECT_EQ(fired, 2);
}

}  // namespace sluice
