// Random operations, crashes and recoveries. Safety: a message whose commit was reported is there
// with every octet until its outcome was logged, and is gone for good once that is durable.
#include <algorithm>
#include <map>
#include <vector>

#include "tests/support/queue_fixture.h"

namespace sluice::queueing {
namespace {

class RandomRun {
 public:
  explicit RandomRun(std::uint64_t seed) : random_(seed), device_(seed), queue_(device_) {
    queue_.options.segment_bytes = 128 * 1024;
    queue_.options.segments_max = 24;
    queue_.options.segments_spare = static_cast<std::uint32_t>(random_.below(4));
    if (random_.chance(0.5)) queue_.options.blocks = &queue_.blocks;
    device_.faults.late = random_.chance(0.5) ? 0.4 : 0;
  }

  void go() {
    open();
    const std::uint64_t steps = 40 + random_.below(120);
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

  void open() { queue_.open(); }

  void step() {
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
        if (random_.chance(0.3)) restart(true);
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
    queue_.shard->next_due(kReceived + hours(1), mid);
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
    if (!queue_.shard->next_unscanned(kReceived + hours(1), mid)) return false;
    queue_.shard->set_stage(mid, {.stage = Stage::delivery, .scl = std::int8_t{3}, .stamps = {}});
    EXPECT_FALSE(queue_.shard->unlease(mid));
    return true;
  }

  void defer_one() {
    const Mid mid = leased();
    if (mid == 0) return;
    queue_.shard->set_deferred(mid, 0, kReceived + minutes(static_cast<int>(random_.below(60))));
    queue_.shard->unlease(mid);
  }

  void settle() {
    queue_.settle();
    take_results();
    for (auto& [mid, known] : known_) known.settled = known.finished;
  }

  void restart(bool crash) {
    if (crash) device_.crash();
    queue_.close();
    take_results();
    open();
    Mid highest = 0;
    for (auto it = known_.begin(); it != known_.end();) {
      highest = it->second.accepted ? std::max(highest, it->first) : highest;
      it = check(it->first, it->second) ? std::next(it) : known_.erase(it);
    }
    EXPECT_GE(queue_.shard->highest_mid(), highest);
    last_mid_ = std::max(last_mid_, queue_.shard->highest_mid());
  }

  // False: it is gone, as it may be.
  bool check(Mid mid, Known& known) {
    const bool there = queue_.shard->find(mid) != nullptr;
    EXPECT_TRUE(there || !known.accepted || known.finished) << "lost MID " << mid;
    EXPECT_FALSE(there && known.settled) << "MID " << mid << " came back";
    if (!there) return false;
    queue_.expect_whole(mid, known.size);
    known = {known.size, true, false, false};
    return true;
  }

  void drain() {
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

  Random random_;
  MemoryDevice device_;
  QueueBench queue_;
  Mid last_mid_ = 0;
  std::map<Mid, Known> known_;
};

TEST(QueueRandomTest, NothingAcceptedIsLostAndNothingFinishedComesBack) {
  constexpr std::uint64_t kSeeds = 1'000;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomRun(seed).go();
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace sluice::queueing
