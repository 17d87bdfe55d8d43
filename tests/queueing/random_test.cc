// Random operations, crashes and recoveries. Safety: a message whose commit was reported is there
// with every octet until its outcome was logged, and is gone for good once that is durable; one
// that comes back after it was delivered does so only when the log says why it may.
//   SLUICE_QUEUE_SEED=17 queueing_tests --gtest_filter='QueueRandom*'     repeats one run
//   SLUICE_QUEUE_SEEDS=1000 …                                             runs so many
#include <algorithm>
#include <cstdlib>
#include <map>
#include <vector>

#include "tests/support/queue_fixture.h"

namespace sluice::queueing {
namespace {

// What the disk does to the run.
enum class Disk : std::uint8_t { crashes, power_cuts };

// Whether many messages stay while the others come and go, over many segments.
enum class Backlog : bool { no, yes };

class RandomRun {
 public:
  RandomRun(std::uint64_t seed, Disk disk, Backlog backlog)
      : disk_(disk),
        backlog_(backlog == Backlog::yes),
        random_(seed),
        device_(seed),
        queue_(device_) {
    queue_.options.segment_bytes = 128 * 1024;
    queue_.options.segments_max = backlog_ ? 48 : 24;
    queue_.options.segments_spare = static_cast<std::uint32_t>(random_.below(4));
    if (random_.chance(0.5)) queue_.options.blocks = &queue_.blocks;
    device_.faults.late = random_.chance(0.5) ? 0.4 : 0;
    if (disk_ == Disk::crashes) return;
    device_.faults.reorder = random_.chance(0.5) ? 0.3 : 0;
    device_.faults.sector_bytes = random_.chance(0.5) ? 512 : 4096;
    device_.faults.ruined = random_.chance(0.5) ? 0.2 : 0;
  }

  void go() {
    queue_.open();
    arm();
    const std::uint64_t steps = backlog_ ? 600 + random_.below(600) : 40 + random_.below(120);
    for (std::uint64_t i = 0; i < steps && !testing::Test::HasFailure(); ++i) step();
    restart(random_.chance(0.5));
    drain();
  }

 private:
  struct Known {
    std::size_t size = 0;
    bool accepted = false;
    bool finished = false;  // its outcome was given
    bool settled = false;   // … and is durable
  };

  // The power fails at one of the next writes or syncs, wherever that is.
  void arm() {
    if (disk_ == Disk::power_cuts) device_.faults.cut_after = random_.below(backlog_ ? 400 : 60);
  }

  void step() {
    if (device_.power_is_gone()) return restart(true);
    switch (random_.below(14)) {
      case 0:
      case 1:
      case 2:
      case 3: submit(); break;
      case 4:
      case 5:
      case 6: queue_.poll(1 + static_cast<int>(random_.below(4))); break;
      case 7:
      case 8: deliver_one(); break;
      case 9: settle(); break;
      case 10: defer_one(); break;
      case 11:
        if (random_.chance(backlog_ ? 0.02 : 0.3)) restart(disk_ == Disk::crashes);
        break;
      case 12:
      case 13: scan_one(); break;
    }
    take_results();
  }

  void submit() {
    const Mid mid = ++last_mid_;
    const std::size_t size = random_.chance(0.2) ? random_.below(60'000) : random_.below(3'000);
    queue_.stage = random_.chance(0.3) ? Stage::scan : Stage::delivery;
    if (queue_.submit(mid, size, 1 + static_cast<unsigned>(random_.below(3))))
      known_[mid].size = size;
  }

  void take_results() {
    for (const auto& [mid, result] : queue_.committed) {
      auto it = known_.find(mid);
      if (it == known_.end()) continue;
      if (result)
        it->second.accepted = true;
      else
        known_.erase(it);
    }
    queue_.committed.clear();
  }

  Mid leased() {
    Mid mid = 0;
    queue_.shard->next_due(kReceived + horizon_, mid);
    return mid;
  }

  void deliver_one() {
    const Mid mid = leased();
    if (mid == 0) return;
    queue_.deliver(mid);
    EXPECT_TRUE(queue_.shard->unlease(mid));
    known_.at(mid).finished = true;
  }

  bool scan_one() {
    Mid mid = 0;
    if (!queue_.shard->next_unscanned(kReceived + horizon_, mid)) return false;
    queue_.shard->set_stage(mid, {.stage = Stage::delivery, .scl = std::int8_t{3}, .stamps = {}});
    EXPECT_FALSE(queue_.shard->unlease(mid));
    return true;
  }

  void defer_one() {
    const Mid mid = leased();
    if (mid == 0) return;
    const bool stays = backlog_ && random_.chance(0.7);
    queue_.shard->set_deferred(
        mid, 0, kReceived + (stays ? hours(10) : minutes(static_cast<int>(random_.below(60)))));
    queue_.shard->unlease(mid);
  }

  void settle() {
    for (int i = 0; i < 20'000 && !queue_.shard->idle() && !device_.power_is_gone(); ++i)
      queue_.poll();
    take_results();
    if (device_.power_is_gone()) return;
    ASSERT_TRUE(queue_.shard->idle());
    for (auto& [mid, known] : known_) known.settled = known.finished;
  }

  void restart(bool crash) {
    device_.faults.cut_after = UINT64_MAX;
    if (crash || device_.power_is_gone()) device_.crash();
    queue_.close();
    take_results();
    queue_.open();
    Mid highest = 0;
    for (auto it = known_.begin(); it != known_.end();) {
      highest = it->second.accepted ? std::max(highest, it->first) : highest;
      it = check(it->first, it->second) ? std::next(it) : known_.erase(it);
    }
    EXPECT_GE(queue_.shard->highest_mid(), highest);
    last_mid_ = std::max(last_mid_, queue_.shard->highest_mid());
    arm();
  }

  // False: it is gone, as it may be.
  bool check(Mid mid, Known& known) {
    const bool there = queue_.shard->find(mid) != nullptr;
    EXPECT_TRUE(there || !known.accepted || known.finished)
        << "lost MID " << mid << "\n"
        << testing::PrintToString(queue_.shard->recovery()->notes);
    EXPECT_FALSE(there && known.settled) << "MID " << mid << " came back";
    EXPECT_FALSE(there && known.finished && queue_.shard->recovery()->notes.empty())
        << "MID " << mid << " came back and nothing says why";
    if (!there) return false;
    queue_.expect_whole(mid, known.size);
    known = {known.size, true, false, false};
    return true;
  }

  void drain() {
    device_.faults.cut_after = UINT64_MAX;
    horizon_ = hours(11);
    for (int i = 0; i < 10'000 && scan_one(); ++i) queue_.poll();
    EXPECT_EQ(queue_.shard->counts().queues[0], 0u);
    for (int i = 0; i < 10'000 && queue_.shard->counts().messages > 0; ++i) deliver_one();
    EXPECT_EQ(queue_.shard->counts().messages, 0u);
    settle();
    queue_.close();
    EXPECT_EQ(queue_.blocks.available(), queue_.blocks.capacity());
    queue_.open();
    EXPECT_EQ(queue_.shard->counts().messages, 0u);
  }

  const Disk disk_;
  const bool backlog_;
  Duration horizon_ = hours(1);
  Random random_;
  MemoryDevice device_;
  QueueBench queue_;
  Mid last_mid_ = 0;
  std::map<Mid, Known> known_;
};

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

void run_seeds(Disk disk, Backlog backlog, std::uint64_t seeds) {
  const std::uint64_t chosen = from_environment("SLUICE_QUEUE_SEED", 0);
  const std::uint64_t last = from_environment("SLUICE_QUEUE_SEEDS", seeds);
  for (std::uint64_t seed = chosen > 0 ? chosen : 1; seed <= std::max(chosen, last); ++seed) {
    if (chosen > 0 && seed != chosen) break;
    SCOPED_TRACE("repeat with SLUICE_QUEUE_SEED=" + std::to_string(seed));
    RandomRun(seed, disk, backlog).go();
    if (testing::Test::HasFailure()) return;
  }
}

TEST(QueueRandomTest, NothingAcceptedIsLostAndNothingFinishedComesBack) {
  run_seeds(Disk::crashes, Backlog::no, 500);
}

TEST(QueueRandomTest, APowerCutAtAnyWriteOrSyncLosesNothingAccepted) {
  run_seeds(Disk::power_cuts, Backlog::no, 200);
}

TEST(QueueRandomTest, CrashesBesideABacklogBringNothingFinishedBack) {
  run_seeds(Disk::crashes, Backlog::yes, 8);
}

TEST(QueueRandomTest, PowerCutsBesideABacklogLoseNothingAccepted) {
  run_seeds(Disk::power_cuts, Backlog::yes, 8);
}

}  // namespace
}  // namespace sluice::queueing
