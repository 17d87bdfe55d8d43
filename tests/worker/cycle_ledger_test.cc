#include "engine/worker/cycle_ledger.h"

namespace sluice::worker {
namespace {

void burn() {
  for (volatile int i = 0; i < 10'000;) i = i + 1;
}

}  // namespace

TEST(CycleLedger, StagesSumToTheBusyTime) {
  CycleLedger ledger;
  for (int tick = 0; tick < 10; ++tick) {
    ledger.begin_tick();
    {
      StageScope outer(ledger, Stage::smtp);
      burn();
      StageScope inner(ledger, Stage::scan);
      burn();
    }
    ledger.end_tick(true);
  }
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < kStages; ++i) sum += ledger.stage(i);
  EXPECT_EQ(sum, ledger.busy());
  EXPECT_GT(ledger.stage(static_cast<std::size_t>(Stage::smtp)), 0u);
  EXPECT_GT(ledger.stage(static_cast<std::size_t>(Stage::scan)), 0u);
  EXPECT_EQ(ledger.idle(), 0u);
}

TEST(CycleLedger, TickWithoutWorkIsIdleAndChargesNoStage) {
  CycleLedger ledger;
  ledger.begin_tick();
  {
    StageScope scope(ledger, Stage::receive);
    burn();
  }
  ledger.end_tick(false);
  EXPECT_EQ(ledger.busy(), 0u);
  EXPECT_GT(ledger.idle(), 0u);
  EXPECT_EQ(ledger.stage(static_cast<std::size_t>(Stage::receive)), 0u);
}

TEST(CycleLedger, KeepsTheLongestThatATickSpentInAStage) {
  CycleLedger ledger;
  constexpr auto kScan = static_cast<std::size_t>(Stage::scan);
  const auto tick = [&](int burns, bool worked) {
    ledger.begin_tick();
    for (int i = 0; i < burns; ++i) {  // two pieces of one tick count together
      StageScope scope(ledger, Stage::scan);
      burn();
    }
    ledger.end_tick(worked);
  };
  tick(2, true);
  const std::uint64_t first = ledger.longest(kScan);
  EXPECT_EQ(first, ledger.stage(kScan));
  tick(1, false);
  EXPECT_EQ(ledger.longest(kScan), first);
  tick(0, true);
  EXPECT_EQ(ledger.longest(kScan), first);
  tick(5'000, true);
  EXPECT_EQ(ledger.longest(kScan), ledger.stage(kScan) - first);
  EXPECT_EQ(ledger.busy_ticks(), 3u);
}

}  // namespace sluice::worker
