// A damaged log, named for the damage: what it costs and what it must not cost.
#include <algorithm>
#include <cerrno>

#include "queueing/format.h"
#include "tests/support/queue_fixture.h"

namespace sluice::queueing {

struct DiskDamageTest : testing::Test {
  MemoryDevice device;
  QueueBench queue{device};
  void SetUp() override {
    queue.open();
    for (Mid mid = 1; mid <= 5; ++mid) {
      ASSERT_TRUE(queue.submit(mid, 1'000));
      queue.settle();
    }
    queue.close();
  }

  // Where the body of this message is in the first segment.
  std::size_t body_at(Mid mid) {
    const std::string body = body_of(mid, 1'000);
    auto& file = device.file(0);
    return static_cast<std::size_t>(
        std::search(file.begin(), file.end(), body.begin(), body.end()) - file.begin());
  }
  void expect_all_but(Mid lost) {
    queue.open();
    for (Mid mid = 1; mid <= 5; ++mid) {
      if (mid == lost) continue;
      queue.expect_whole(mid, 1'000);
    }
    EXPECT_EQ(queue.shard->find(lost), nullptr);
    EXPECT_EQ(queue.shard->recovery()->lost_messages, 1u);
    EXPECT_FALSE(queue.shard->recovery()->notes.empty());
  }
};

TEST_F(DiskDamageTest, FlippedBitInAChunkCostsOnlyItsMessage) {
  device.file(0)[body_at(2) + 10] ^= 4;
  expect_all_but(2);
}

TEST_F(DiskDamageTest, LengthBeyondTheSegmentHidesNothingBehindIt) {
  const std::uint32_t length = UINT32_MAX;
  std::memcpy(&device.file(0)[body_at(2) - kRecordHeaderBytes + 12], &length, 4);
  expect_all_but(2);
}

TEST_F(DiskDamageTest, ShorterLengthHidesNothingBehindIt) {
  const std::uint32_t length = 8;
  std::memcpy(&device.file(0)[body_at(3) - kRecordHeaderBytes + 12], &length, 4);
  expect_all_but(3);
}

TEST_F(DiskDamageTest, OverwrittenKeyHidesNothingBehindIt) {
  std::fill_n(device.file(0).begin() + static_cast<std::ptrdiff_t>(body_at(4)) - kRecordHeaderBytes,
              8, 0);
  expect_all_but(4);
}

TEST_F(DiskDamageTest, UnknownRecordTypeHidesNothingBehindIt) {
  device.file(0)[body_at(1) - kRecordHeaderBytes + 24] = 200;
  expect_all_but(1);
}

TEST_F(DiskDamageTest, ZeroedSectorCostsOnlyWhatItHeld) {
  const std::size_t sector = body_at(3) / 512 * 512 + 512;
  std::fill_n(device.file(0).begin() + static_cast<std::ptrdiff_t>(sector), 256, 0);
  expect_all_but(3);
}

TEST_F(DiskDamageTest, TornLastRecordIsTheEndOfTheLogAndNotAnError) {
  // As if the sync of the last message had never come: its commit record is cut.
  std::fill_n(device.file(0).begin() + static_cast<std::ptrdiff_t>(body_at(5)) + 1'100, 2'000, 0);
  queue.open();
  EXPECT_EQ(queue.shard->find(5), nullptr);
  EXPECT_EQ(queue.shard->counts().messages, 4u);
  EXPECT_EQ(queue.shard->recovery()->damaged_records, 0u);
  EXPECT_EQ(queue.shard->recovery()->torn_records, 1u);
  EXPECT_TRUE(queue.shard->recovery()->notes.empty());
}

TEST_F(DiskDamageTest, DamagedSegmentHeaderIsReadFromItsCopy) {
  std::fill_n(device.file(0).begin(), 64, 0xee);
  queue.open();
  EXPECT_EQ(queue.shard->counts().messages, 5u);
}

TEST_F(DiskDamageTest, LostFirstPageIsReadFromItsCopyBehindTheRecords) {
  std::fill_n(device.file(0).begin(), kSegmentHeaderBytes, 0xee);
  queue.open();
  EXPECT_EQ(queue.shard->counts().messages, 5u);
  EXPECT_EQ(queue.shard->recovery()->notes.size(), 1u);
}

TEST_F(DiskDamageTest, TornEndIsNoDamageAfterTheNextStartEither) {
  std::fill_n(device.file(0).begin() + static_cast<std::ptrdiff_t>(body_at(5)) + 1'100, 2'000, 0);
  for (int starts = 0; starts < 3; ++starts) {
    queue.open();
    EXPECT_EQ(queue.shard->counts().messages, 4u);
    EXPECT_TRUE(queue.shard->recovery()->notes.empty());
    queue.settle();
    queue.close();
  }
}

TEST_F(DiskDamageTest, SegmentWithoutAnyHeaderIsLeftAlone) {
  std::fill_n(device.file(0).begin(), kSegmentHeaderBytes, 0xee);
  std::fill_n(device.file(0).end() - kSegmentHeaderBytes, kSegmentHeaderBytes, 0xee);
  const auto before = device.file(0);
  queue.open();
  EXPECT_EQ(queue.shard->counts().messages, 0u);
  ASSERT_EQ(queue.shard->recovery()->kept.size(), 1u);
  queue.close();
  EXPECT_TRUE(device.file(0) == before);
}

TEST_F(DiskDamageTest, SameSegmentInTwoFilesCountsOnce) {
  queue.open();
  queue.settle();
  queue.close();
  const auto copy = device.file(0);
  std::uint8_t header[kSegmentHeaderBytes] = {};
  device.prepare_now({.file = 40, .create = true, .bytes = copy.size(), .header = header});
  device.file(40) = copy;
  queue.open();
  EXPECT_EQ(queue.shard->counts().messages, 5u);
  EXPECT_EQ(queue.shard->recovery()->kept.size(), 1u);
}

TEST_F(DiskDamageTest, BodyThatLooksLikeARecordIsNotOne) {
  // A whole commit record of this very shard, sent as a message, behind a damaged chunk header.
  const auto& file = device.file(0);
  const std::size_t commit = body_at(1) + 1'000;
  const std::string forged(file.begin() + static_cast<std::ptrdiff_t>(commit),
                           file.begin() + static_cast<std::ptrdiff_t>(commit) + 400);
  queue.open();
  auto arrival = queue.shard->begin(50);
  ASSERT_TRUE(queue.append(*arrival, forged));
  ASSERT_TRUE(queue.commit(*arrival, 50));
  queue.settle();
  queue.deliver(1);
  queue.settle();
  queue.reopen();
  EXPECT_EQ(queue.shard->find(1), nullptr);
  EXPECT_EQ(queue.shard->counts().messages, 5u);
}

TEST_F(DiskDamageTest, UnreadablePagesCostOnlyWhatTheyHeld) {
  device.faults.read_errors = 0;
  queue.open();
  queue.settle();
  device.faults.read_errors = 1;
  EXPECT_FALSE(queue.read(1, 0, 1'000));
  queue.expect_whole(1, 1'000);
}

TEST_F(DiskDamageTest, PageThatCannotBeReadHidesNoRecordOverThePagesAround) {
  // Every body of 9,000 octets lies over three pages; one of the second message's is lost.
  queue.open();
  for (Mid mid = 11; mid <= 14; ++mid) ASSERT_TRUE(queue.submit(mid, 9'000));
  queue.settle();
  queue.close();
  const std::string body = body_of(12, 9'000);
  device.faults.sector_bytes = 4096;
  for (std::uint32_t id = 0; id < device.file_count(); ++id) {
    auto& file = device.file(id);
    const auto found = std::search(file.begin(), file.end(), body.begin(), body.end());
    const auto at = static_cast<std::uint64_t>(found - file.begin());
    if (found != file.end()) device.ruin(id, (at + 4'500) / 4096);
  }
  queue.open();
  for (const Mid mid : {11, 13, 14}) queue.expect_whole(mid, 9'000);
  EXPECT_EQ(queue.shard->find(12), nullptr);
  EXPECT_EQ(queue.shard->recovery()->lost_messages, 1u);
}

struct DiskFaultTest : testing::Test {
  MemoryDevice device;
  QueueBench queue{device};
  void SetUp() override { queue.open(); }
  QueueError result_of(Mid mid) { return queue.committed.at(mid).error(); }
};

TEST_F(DiskFaultTest, ShortWriteIsWrittenAgainWhole) {
  device.faults.short_writes = 2;
  ASSERT_TRUE(queue.submit(1, 9'000));
  queue.settle();
  EXPECT_TRUE(queue.accepted(1));
  queue.reopen();
  queue.expect_whole(1, 9'000);
}

TEST_F(DiskFaultTest, NoSpaceOnWriteRefusesWhatWaitedAndTheNextIsTaken) {
  device.faults.write_error = ENOSPC;
  device.faults.write_errors = 1;
  ASSERT_TRUE(queue.submit(1, 100));
  queue.settle();
  EXPECT_EQ(result_of(1), QueueError::disk_full);
  ASSERT_TRUE(queue.submit(2, 100));
  queue.settle();
  EXPECT_TRUE(queue.accepted(2));
  queue.reopen();
  EXPECT_EQ(queue.shard->find(1), nullptr);
  queue.expect_whole(2, 100);
}

TEST_F(DiskFaultTest, RefusedMessageDoesNotReappearThoughItsRecordIsOnTheDisk) {
  device.faults.short_writes = 0;
  device.faults.write_error = ENOSPC;
  device.faults.write_errors = 1;
  // Half of the write arrives, and the commit record of the first message is in it.
  ASSERT_TRUE(queue.submit(1, 100));
  ASSERT_TRUE(queue.submit(2, 16'000));
  queue.settle();
  EXPECT_EQ(result_of(1), QueueError::disk_full);
  queue.settle();
  queue.reopen();
  EXPECT_EQ(queue.shard->counts().messages, 0u);
}

TEST_F(DiskFaultTest, FailedSyncIsNeverTakenForGoodLater) {
  device.faults.sync_error = EIO;
  device.faults.sync_errors = 1;
  ASSERT_TRUE(queue.submit(1, 100));
  queue.settle();
  EXPECT_EQ(result_of(1), QueueError::io_error);
  EXPECT_EQ(queue.shard->begin(2).error(), QueueError::io_error);
  queue.poll(2'000);
  EXPECT_EQ(queue.shard->begin(2).error(), QueueError::io_error);
  EXPECT_EQ(queue.blocks.available(), queue.blocks.capacity());
}

TEST_F(DiskFaultTest, FailedWriteFailsTheMessagesBeingReceived) {
  auto arrival = queue.shard->begin(1);
  ASSERT_TRUE(queue.append(*arrival, body_of(1, 40'000)));
  device.faults.write_error = EIO;
  device.faults.write_errors = 1;
  ASSERT_TRUE(queue.submit(2, 100));
  queue.settle();
  EXPECT_EQ(queue.commit(*arrival, 1).error(), QueueError::io_error);
  queue.shard->abandon(*arrival);
}

TEST_F(DiskFaultTest, FullDiskRefusesMailAndTakesItAgainWhenThereIsRoom) {
  queue.close();
  queue.options.disk_reserve = 1'000'000;
  device.faults.free_bytes = 1'000'000 + 3 * 256 * 1024;
  queue.open();
  Mid mid = 0;
  std::expected<void, QueueError> result;
  while ((result = queue.submit(++mid, 10'000)) && mid < 1'000) queue.settle();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error(), QueueError::disk_full);
  EXPECT_EQ(queue.shard->begin(2'000).error(), QueueError::disk_full);
  device.faults.free_bytes = UINT64_MAX;
  queue.poll(1'100);
  ASSERT_TRUE(queue.submit(2'000, 10'000));
  queue.settle();
  EXPECT_TRUE(queue.accepted(2'000));
}

TEST_F(DiskFaultTest, SegmentsMaxRefusesMailUntilMessagesAreDelivered) {
  queue.close();
  queue.options.segments_max = 6;
  queue.open();
  Mid mid = 0;
  while (queue.submit(++mid, 10'000) && mid < 1'000) queue.settle();
  ASSERT_LT(mid, 200u);
  const Mid last = mid;
  for (mid = 1; mid < last; ++mid) queue.deliver(mid);
  queue.settle();
  queue.poll(10);
  EXPECT_TRUE(queue.submit(2'000, 10'000));
}

TEST_F(DiskFaultTest, FullQueueStartsAgainAndDrains) {
  queue.close();
  queue.options.segments_max = 6;
  queue.open();
  Mid mid = 0;
  while (queue.submit(++mid, 10'000) && mid < 1'000) queue.settle();
  const Mid last = mid;
  device.faults.free_bytes = 64 << 20;
  queue.options.disk_reserve = 1ULL << 40;
  for (int restarts = 0; restarts < 5; ++restarts) queue.reopen();
  EXPECT_EQ(queue.shard->begin(2'000).error(), QueueError::disk_full);
  for (mid = 1; mid < last; ++mid) queue.deliver(mid);
  device.faults.free_bytes = UINT64_MAX;
  queue.settle();
  queue.poll(1'100);
  EXPECT_TRUE(queue.submit(2'000, 10'000));
}

TEST_F(DiskFaultTest, HeadThatCannotBeMadeFailsWhatWaitsForItAndIsTriedAgain) {
  // The head fills while its successor is being made; then there is no room for the successor.
  queue.settle();
  device.faults.hold_syncs = true;
  Mid mid = 0;
  while (queue.submit(++mid, 15'000) && mid < 100) queue.poll();
  device.faults.free_bytes = 0;
  device.faults.hold_syncs = false;
  queue.poll(100);
  EXPECT_EQ(queue.shard->begin(1'000).error(), QueueError::disk_full);
  device.faults.free_bytes = UINT64_MAX;
  queue.poll(1'500);
  ASSERT_TRUE(queue.submit(1'000, 100));
  queue.settle();
  EXPECT_TRUE(queue.accepted(1'000));
}

}  // namespace sluice::queueing
