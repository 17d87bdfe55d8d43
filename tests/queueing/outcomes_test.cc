// The table "What a failing disk does" of FORMAT.md, row by row: each fault has one outcome for who
// waits for a 250, for the shard, and for what is found at the next start.
#include <cerrno>

#include "tests/support/queue_fixture.h"

namespace sluice::queueing {

struct DiskOutcomeTest : testing::Test {
  MemoryDevice device;
  QueueBench queue{device};

  void SetUp() override {
    queue.open();
    ASSERT_TRUE(queue.submit(1, 3'000));
    queue.settle();
    ASSERT_TRUE(queue.accepted(1));
  }
  // A message that meets the fault: its sender gets this instead of a 250.
  void expect_refused(Mid mid, QueueError error) {
    ASSERT_TRUE(queue.submit(mid, 3'000));
    queue.settle();
    ASSERT_TRUE(queue.committed.contains(mid));
    ASSERT_FALSE(queue.committed.at(mid).has_value());
    EXPECT_EQ(queue.committed.at(mid).error(), error);
  }
  void expect_stopped(int code, const char* during) {
    EXPECT_EQ(queue.shard->begin(90).error(), QueueError::io_error);
    ASSERT_TRUE(queue.shard->fault());
    EXPECT_EQ(queue.shard->fault()->error, QueueError::io_error);
    EXPECT_EQ(queue.shard->fault()->code, code);
    EXPECT_STREQ(queue.shard->fault()->during, during);
    Mid mid = 0;
    EXPECT_FALSE(queue.shard->next_due(kReceived + hours(1), mid)) << "it could not be noted";
  }
  void expect_goes_on(Mid mid) {
    EXPECT_FALSE(queue.shard->fault());
    ASSERT_TRUE(queue.submit(mid, 3'000));
    queue.settle();
    EXPECT_TRUE(queue.accepted(mid));
  }
  // After the disk was mended: what had its 250 is there, what was refused is not.
  void expect_after_restart(std::initializer_list<Mid> there, Mid refused) {
    device.faults = {};
    queue.reopen();
    for (const Mid mid : there) queue.expect_whole(mid, 3'000);
    EXPECT_EQ(queue.shard->find(refused), nullptr);
    EXPECT_EQ(queue.shard->counts().messages, there.size());
    expect_goes_on(95);
  }
};

TEST_F(DiskOutcomeTest, WriteErrorStopsTheShard) {
  device.faults.write_error = EIO;
  device.faults.write_errors = 1;
  expect_refused(2, QueueError::io_error);
  expect_stopped(EIO, "write");
  expect_after_restart({1}, 2);
}

TEST_F(DiskOutcomeTest, SyncErrorStopsTheShard) {
  device.faults.sync_error = EIO;
  device.faults.sync_errors = 1;
  ASSERT_TRUE(queue.submit(2, 3'000));
  queue.settle();
  EXPECT_EQ(queue.committed.at(2).error(), QueueError::io_error);
  expect_stopped(EIO, "sync");
  // It was written, so it may be there: its sender was told 451 and sends it again.
  device.faults = {};
  queue.reopen();
  queue.expect_whole(1, 3'000);
  expect_goes_on(95);
}

TEST_F(DiskOutcomeTest, ReadOnlyRemountStopsTheShard) {
  device.faults.read_only = true;
  expect_refused(2, QueueError::io_error);
  expect_stopped(EROFS, "write");
  EXPECT_NE(describe(*queue.shard->fault()).find("Read-only file system"), std::string::npos);
  queue.close();
  auto opened = Shard::open(queue.options, device);
  ASSERT_FALSE(opened) << "it cannot be written";
  EXPECT_NE(opened.error().find("Read-only file system"), std::string::npos) << opened.error();
  expect_after_restart({1}, 2);
}

TEST_F(DiskOutcomeTest, NoSpaceRefusesWhatWaitsAndGoesOn) {
  device.faults.write_error = ENOSPC;
  device.faults.write_errors = 1;
  expect_refused(2, QueueError::disk_full);
  expect_goes_on(3);
  expect_after_restart({1, 3}, 2);
}

TEST_F(DiskOutcomeTest, NoRoomForASegmentRefusesNewMailUntilThereIs) {
  device.faults.free_bytes = 0;
  Mid mid = 1;
  while (queue.submit(++mid, 3'000) && mid < 1'000) queue.settle();
  ASSERT_TRUE(queue.shard->fault());
  EXPECT_EQ(*queue.shard->fault(),
            (QueueFault{QueueError::disk_full, ENOSPC, queue.shard->fault()->during}));
  Mid due = 0;
  EXPECT_TRUE(queue.shard->next_due(kReceived + hours(1), due)) << "delivery goes on";
  device.faults.free_bytes = UINT64_MAX;
  queue.poll(1'100);
  expect_goes_on(5'000);
}

TEST_F(DiskOutcomeTest, AnOutcomeThatCouldNotBeNotedIsNamedAtTheNextStart) {
  const auto open_before = [&] {
    queue.close();
    device.faults = {};
    queue.open();
    return !queue.shard->recovery()->notes.empty();
  };
  EXPECT_FALSE(open_before());
  device.faults.free_bytes = 0;
  Mid mid = 1;
  while (queue.submit(++mid, 3'000) && mid < 1'000) queue.settle();
  ASSERT_TRUE(queue.shard->fault());
  Mid due = 0;
  ASSERT_TRUE(queue.shard->next_due(kReceived + hours(1), due));
  for (int i = 0; i < 200'000; ++i) {  // until the head is full
    queue.shard->set_deferred(due, 0, kReceived);
    if (i % 1'000 == 0) queue.poll(1);
  }
  EXPECT_TRUE(open_before());
}

TEST_F(DiskOutcomeTest, ShortWritesAreRepeatedAndThenCountAsNoSpace) {
  device.faults.short_writes = 2;
  expect_goes_on(2);
  device.faults.short_writes = 3;
  expect_refused(3, QueueError::disk_full);
  expect_goes_on(4);
  expect_after_restart({1, 2, 4}, 3);
}

TEST_F(DiskOutcomeTest, ReadErrorCostsThatReadAndIsToldToWhoReads) {
  device.faults.read_errors = 1;
  const auto octets = queue.read(1, 0, 3'000);
  ASSERT_FALSE(octets);
  EXPECT_EQ(octets.error(), QueueError::io_error);
  EXPECT_FALSE(queue.shard->fault()) << "one page does not stop the queue";
  queue.expect_whole(1, 3'000);
  expect_goes_on(2);
}

TEST_F(DiskOutcomeTest, FlippedBitIsNeverReadAsMail) {
  const std::string body = body_of(1, 3'000);
  auto& file = device.file(0);
  *std::search(file.begin(), file.end(), body.begin(), body.end()) ^= 1;
  EXPECT_FALSE(queue.read(1, 0, 3'000));
  expect_goes_on(2);
}

// A disk that says "synced" and forgets: what it forgot is lost, and nothing else is.
TEST_F(DiskOutcomeTest, LostSyncCostsOnlyWhatTheDiskForgot) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(seed);
    MemoryDevice liar(seed);
    QueueBench bench(liar);
    bench.open();
    for (Mid mid = 1; mid <= 3; ++mid) {
      ASSERT_TRUE(bench.submit(mid, 3'000));
      bench.settle();
    }
    liar.faults.lost_syncs = 1'000;
    for (Mid mid = 4; mid <= 6; ++mid) {
      ASSERT_TRUE(bench.submit(mid, 3'000));
      bench.settle();
      ASSERT_TRUE(bench.accepted(mid));
    }
    liar.crash();
    liar.faults = {};
    bench.reopen();
    for (Mid mid = 1; mid <= 3; ++mid) bench.expect_whole(mid, 3'000);
    for (Mid mid = 4; mid <= 6; ++mid)
      if (bench.shard->find(mid) != nullptr) bench.expect_whole(mid, 3'000);
  }
}

// Bits flipped anywhere in the records: each message is there whole, or is missing and said so.
TEST_F(DiskOutcomeTest, AnyFlippedBitCostsAtMostTheRecordItHit) {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    MemoryDevice flipped(seed);
    QueueBench bench(flipped);
    bench.open();
    for (Mid mid = 1; mid <= 8; ++mid) {
      ASSERT_TRUE(bench.submit(mid, 500));
      if (random.chance(0.5)) bench.settle();
    }
    bench.settle();
    bench.close();
    const std::size_t at = random.below(20'000);
    flipped.file(0)[at] ^= static_cast<std::uint8_t>(1u << random.below(8));
    bench.open();
    std::size_t missing = 0;
    for (Mid mid = 1; mid <= 8; ++mid) {
      if (bench.shard->find(mid) == nullptr)
        ++missing;
      else
        bench.expect_whole(mid, 500);
    }
    EXPECT_LE(missing, 1u);
    // The key of the very last record: then the log seems to end before it.
    const bool at_the_end = missing > 0 && bench.shard->find(8) == nullptr;
    EXPECT_TRUE(missing == 0 || at_the_end || !bench.shard->recovery()->notes.empty());
  }
}

// A page that is ruined by a write that the power cut never holds what had its 250 before.
TEST_F(DiskOutcomeTest, NothingIsWrittenIntoThePageOfAnAcknowledgedRecord) {
  device.faults.sector_bytes = kPageBytes;
  for (Mid mid = 2; mid <= 20; ++mid) {
    ASSERT_TRUE(queue.submit(mid, 100));
    queue.settle();
    device.faults.ruined = 1;
    ASSERT_TRUE(queue.submit(mid + 100, 100));
    queue.poll(1);
    device.crash();
    device.faults.ruined = 0;
    queue.reopen();
    queue.expect_whole(mid, 100);
  }
}

}  // namespace sluice::queueing
