#include "queueing/shard.h"

#include <cerrno>

#include "tests/support/queue_fixture.h"

namespace sluice::queueing {

struct ShardTest : testing::Test {
  MemoryDevice device;
  QueueBench queue{device};
  void SetUp() override { queue.open(); }

  bool lease(Mid& mid, WallTime now = kReceived) { return queue.shard->next_due(now, mid); }
};

TEST_F(ShardTest, CommittedMessageIsThereAfterReopeningWithEveryOctet) {
  ASSERT_TRUE(queue.submit(5, 100'000, 3));
  ASSERT_TRUE(queue.submit(6, 4'000));
  queue.settle();
  queue.reopen();
  queue.expect_whole(5, 100'000);
  queue.expect_whole(6, 4'000);
  EXPECT_EQ(queue.shard->find(5)->recipients.size(), 3u);
}

TEST_F(ShardTest, NothingIsSaidToBeCommittedBeforeItsSync) {
  device.faults.hold_syncs = true;
  ASSERT_TRUE(queue.submit(1, 100));
  queue.poll(50);
  EXPECT_TRUE(queue.committed.empty());
  EXPECT_EQ(queue.shard->find(1), nullptr);
  device.faults.hold_syncs = false;
  queue.poll(2);
  EXPECT_TRUE(queue.accepted(1));
}

TEST_F(ShardTest, OneSyncCoversAllThatWait) {
  queue.settle();
  const auto before = device.syncs();
  for (Mid mid = 1; mid <= 100; ++mid) ASSERT_TRUE(queue.submit(mid, 200));
  queue.settle();
  EXPECT_EQ(queue.committed.size(), 100u);
  EXPECT_EQ(device.syncs() - before, 1u);
}

TEST_F(ShardTest, NextBatchGathersWhileASyncIsUnderWay) {
  queue.settle();
  const auto before = device.syncs();
  device.faults.hold_syncs = true;
  for (Mid mid = 1; mid <= 50; ++mid) {
    ASSERT_TRUE(queue.submit(mid, 200));
    queue.poll();
  }
  device.faults.hold_syncs = false;
  queue.settle();
  EXPECT_EQ(queue.committed.size(), 50u);
  EXPECT_EQ(device.syncs() - before, 2u);
}

TEST_F(ShardTest, MessageWithoutOctetsIsAMessage) {
  ASSERT_TRUE(queue.submit(1, 0));
  queue.settle();
  queue.reopen();
  queue.expect_whole(1, 0);
}

TEST_F(ShardTest, MessageLargerThanASegmentSpansSeveral) {
  ASSERT_TRUE(queue.submit(1, 900'000));
  queue.settle();
  queue.reopen();
  queue.expect_whole(1, 900'000);
}

TEST_F(ShardTest, AMessageThatIsStoredAnewSharesTheChunksOfTheFirst) {
  constexpr std::size_t kChunk = kBlockBytes;
  const std::string body = body_of(1, 20 * kChunk + 100);
  const auto first = queue.shard->begin(1);
  ASSERT_TRUE(first && queue.append(*first, body));
  queue.settle();
  const std::uint64_t written = queue.shard->counts().bytes_written;
  const auto second = queue.shard->begin(1);
  ASSERT_TRUE(second);
  // Without the octets from the middle of the third chunk to that of the sixth.
  EXPECT_EQ(queue.shard->share(*second, *first, 0, 2 * kChunk + 9), 2 * kChunk);
  EXPECT_EQ(queue.shard->share(*second, *first, 2 * kChunk, 2 * kChunk + 9), 0u);
  ASSERT_TRUE(queue.append(*second, body.substr(2 * kChunk, 9) + "a note"));
  EXPECT_EQ(queue.shard->share(*second, *first, 5 * kChunk + 9, body.size()), 0u);
  ASSERT_TRUE(queue.append(*second, body.substr(5 * kChunk + 9, kChunk - 9)));
  EXPECT_EQ(queue.shard->share(*second, *first, 6 * kChunk, body.size()), 14 * kChunk);
  ASSERT_TRUE(queue.append(*second, body.substr(20 * kChunk)));
  ASSERT_TRUE(queue.commit(*second, 1));
  queue.shard->abandon(*first);
  queue.settle();
  EXPECT_LT(queue.shard->counts().bytes_written - written, 4 * kChunk);
  queue.reopen();
  const std::string expected =
      body.substr(0, 2 * kChunk + 9) + "a note" + body.substr(5 * kChunk + 9);
  const auto octets = queue.read(1, 0, body.size());
  ASSERT_TRUE(octets);
  EXPECT_TRUE(*octets == expected);
  EXPECT_EQ(queue.shard->find(1)->body_size, expected.size());
}

TEST_F(ShardTest, BlocksComeHomeWhenWritten) {
  ASSERT_TRUE(queue.submit(1, 300'000));
  queue.settle();
  EXPECT_EQ(queue.blocks.available(), queue.blocks.capacity());
}

TEST_F(ShardTest, JustCommittedMessageIsReadFromMemory) {
  queue.options.blocks = &queue.blocks;
  queue.reopen();
  ASSERT_TRUE(queue.submit(1, 30'000));
  queue.settle();
  device.faults.read_errors = 1;
  queue.expect_whole(1, 30'000);
  EXPECT_EQ(device.faults.read_errors, 1);
}

TEST_F(ShardTest, MessagesInMemoryGiveTheirBlocksBackWhenThePoolRunsLow) {
  queue.options.blocks = &queue.blocks;
  queue.reopen();
  for (Mid mid = 1; mid <= 400; ++mid) {
    ASSERT_TRUE(queue.submit(mid, 20'000));
    queue.settle();
  }
  EXPECT_GE(queue.blocks.available() * 2, queue.blocks.capacity());
  queue.expect_whole(1, 20'000);
}

TEST_F(ShardTest, AnyRangeOfAMessageCanBeRead) {
  const std::string body = body_of(1, 50'000);
  ASSERT_TRUE(queue.submit(1, body.size()));
  queue.settle();
  for (const std::size_t offset : {0, 1, 16'383, 16'384, 40'000, 49'999, 50'000, 60'000})
    for (const std::size_t size : {1, 100, 16'384, 40'000}) {
      const auto octets = queue.read(1, offset, size);
      ASSERT_TRUE(octets);
      EXPECT_EQ(*octets, offset < body.size() ? body.substr(offset, size) : "");
    }
}

TEST_F(ShardTest, ReadOfADamagedChunkIsAnErrorAndNotOctets) {
  ASSERT_TRUE(queue.submit(1, 1'000));
  queue.settle();
  auto& file = device.file(0);
  const std::string body = body_of(1, 1'000);
  auto at = std::search(file.begin(), file.end(), body.begin(), body.end());
  ASSERT_NE(at, file.end());
  at[500] ^= 1;
  EXPECT_FALSE(queue.read(1, 0, 1'000));
}

TEST_F(ShardTest, DueMessagesAreLeasedOldestFirstAndOnce) {
  for (Mid mid = 1; mid <= 3; ++mid) ASSERT_TRUE(queue.submit(mid, 10));
  queue.settle();
  Mid mid = 0;
  std::vector<Mid> leased;
  while (lease(mid)) leased.push_back(mid);
  EXPECT_EQ(leased.size(), 3u);
  EXPECT_FALSE(lease(mid));
}

TEST_F(ShardTest, DeferredMessageIsDueAgainAtItsTimeAlsoAfterReopening) {
  ASSERT_TRUE(queue.submit(1, 10, 2));
  queue.settle();
  Mid mid = 0;
  ASSERT_TRUE(lease(mid));
  queue.shard->set_outcome(1, 0, RecipientStatus::delivered);
  queue.shard->set_deferred(1, 1, kReceived + minutes(15));
  EXPECT_FALSE(queue.shard->unlease(1));
  queue.settle();
  queue.reopen();
  EXPECT_FALSE(lease(mid, kReceived + minutes(14)));
  EXPECT_EQ(queue.shard->earliest_due(), kReceived + minutes(15));
  ASSERT_TRUE(lease(mid, kReceived + minutes(15)));
  const auto& recipients = queue.shard->find(1)->recipients;
  EXPECT_EQ(recipients[0].status, RecipientStatus::delivered);
  EXPECT_EQ(recipients[1].status, RecipientStatus::pending);
  EXPECT_EQ(recipients[1].attempts, 1);
}

TEST_F(ShardTest, FlushMakesDeferredRecipientsDue) {
  ASSERT_TRUE(queue.submit(1, 10));
  queue.settle();
  Mid mid = 0;
  ASSERT_TRUE(lease(mid));
  queue.shard->set_deferred(1, 0, kReceived + hours(4));
  queue.shard->unlease(1);
  EXPECT_FALSE(lease(mid));
  queue.shard->flush_due(kReceived);
  queue.settle();
  ASSERT_TRUE(lease(mid));
  EXPECT_EQ(queue.shard->find(1)->recipients[0].next_attempt, kReceived);
}

TEST_F(ShardTest, FinishedMessageIsGoneAndStaysGone) {
  ASSERT_TRUE(queue.submit(1, 10));
  queue.settle();
  Mid mid = 0;
  ASSERT_TRUE(lease(mid));
  queue.deliver(1);
  EXPECT_TRUE(queue.shard->unlease(1));
  EXPECT_EQ(queue.shard->find(1), nullptr);
  queue.settle();
  queue.reopen();
  EXPECT_EQ(queue.shard->counts().messages, 0u);
}

TEST_F(ShardTest, OutcomesCostNoSyncOfTheirOwn) {
  for (Mid mid = 1; mid <= 50; ++mid) ASSERT_TRUE(queue.submit(mid, 10));
  queue.settle();
  const auto before = device.syncs();
  for (Mid mid = 1; mid <= 50; ++mid) {
    queue.deliver(mid);
    queue.poll();
  }
  queue.settle();
  EXPECT_LE(device.syncs() - before, 2u);
}

TEST_F(ShardTest, MidsNeverRepeatEvenWhenAllIsDelivered) {
  for (Mid mid = 1; mid <= 400; ++mid) {
    ASSERT_TRUE(queue.submit(mid, 8'000)) << mid;
    queue.settle();
    queue.deliver(mid);
  }
  queue.settle();
  for (int i = 0; i < 5; ++i) queue.reopen();
  EXPECT_EQ(queue.shard->highest_mid(), 400u);
}

TEST_F(ShardTest, MidOfAnAbandonedMessageIsNotUsedAgain) {
  auto arrival = queue.shard->begin(77);
  queue.shard->abandon(*arrival);
  queue.settle();
  queue.reopen();
  EXPECT_EQ(queue.shard->highest_mid(), 77u);
}

TEST_F(ShardTest, AbandonedMessageLeavesNothing) {
  auto arrival = queue.shard->begin(1);
  ASSERT_TRUE(queue.append(*arrival, body_of(1, 100'000)));
  queue.poll(3);
  queue.shard->abandon(*arrival);
  queue.settle();
  EXPECT_EQ(queue.blocks.available(), queue.blocks.capacity());
  queue.reopen();
  EXPECT_EQ(queue.shard->counts().messages, 0u);
}

TEST_F(ShardTest, SegmentsWhoseMessagesAreDoneAreWrittenOver) {
  for (Mid mid = 1; mid <= 1'000; ++mid) {
    ASSERT_TRUE(queue.submit(mid, 10'000)) << mid;
    queue.settle();
    queue.deliver(mid);
  }
  queue.settle();
  EXPECT_LE(device.file_count(), 8u);
  EXPECT_LE(queue.shard->counts().segments, 2u);
}

TEST_F(ShardTest, MessageThatStaysIsRewrittenSoThatTheLogStaysShort) {
  ASSERT_TRUE(queue.submit(1, 30'000, 2));
  queue.settle();
  queue.shard->set_outcome(1, 1, RecipientStatus::delivered);
  for (Mid mid = 2; mid <= 600; ++mid) {
    ASSERT_TRUE(queue.submit(mid, 10'000)) << mid;
    queue.settle();
    queue.deliver(mid);
  }
  queue.settle();
  EXPECT_LE(queue.shard->counts().segments, 8u);
  queue.expect_whole(1, 30'000);
  queue.reopen();
  queue.expect_whole(1, 30'000);
  EXPECT_EQ(queue.shard->find(1)->recipients[1].status, RecipientStatus::delivered);
}

// 12 segments of messages that stay; 100 of messages that come and go, each some time later.
TEST_F(ShardTest, WhatComesAndGoesBesideABacklogMakesTheLogNoLonger) {
  constexpr Mid kStay = 300, kAll = 2'800, kLag = 40;
  const auto accept = [&](Mid mid) {
    ASSERT_TRUE(queue.submit(mid, 10'000)) << mid;
    queue.settle();
  };
  for (Mid mid = 1; mid <= kStay; ++mid) accept(mid);
  const std::size_t files = device.file_count();
  const std::uint64_t written = queue.shard->counts().bytes_written;
  for (Mid mid = kStay + 1; mid <= kAll; ++mid) {
    accept(mid);
    if (mid > kStay + kLag) queue.deliver(mid - kLag);
  }
  for (Mid mid = kAll - kLag + 1; mid <= kAll; ++mid) queue.deliver(mid);
  queue.settle();
  EXPECT_LE(device.file_count(), files + 6);
  EXPECT_LE(queue.shard->counts().bytes_written - written, (kAll - kStay) * 17'000)
      << "what stays has been written again";
  queue.reopen();
  EXPECT_EQ(queue.shard->counts().messages, kStay);
  EXPECT_TRUE(queue.shard->recovery()->sound());
  for (Mid mid = 1; mid <= kStay; ++mid) queue.expect_whole(mid, 10'000);
}

// Without its outcome in the segment that is written over, the message would be back.
TEST_F(ShardTest, AnOutcomeIsWrittenAgainBeforeItsSegmentIsWrittenOver) {
  constexpr Mid kStays = 1, kEarly = 2, kDeferred = 3;
  ASSERT_TRUE(queue.submit(kStays, 200'000));
  ASSERT_TRUE(queue.submit(kEarly, 10));
  ASSERT_TRUE(queue.submit(kDeferred, 10));
  Mid mid = 4;
  const auto fill = [&](Mid count) {
    for (const Mid end = mid + count; mid < end; ++mid) {
      ASSERT_TRUE(queue.submit(mid, 10'000)) << mid;
      queue.settle();
      queue.deliver(mid);
    }
  };
  fill(40);
  queue.deliver(kEarly);
  queue.shard->set_deferred(kDeferred, 0, kReceived + hours(5));
  for (int round = 0; round < 3; ++round) {
    fill(200);
    device.crash();
    queue.reopen();
    EXPECT_EQ(queue.shard->find(kEarly), nullptr);
    EXPECT_EQ(queue.shard->find(kDeferred)->recipients[0].attempts, 1u);
    queue.expect_whole(kStays, 200'000);
  }
  EXPECT_LE(device.file_count(), 12u);
}

TEST_F(ShardTest, AnOutcomeThatFindsNoRoomIsLoggedWhenThereIs) {
  ASSERT_TRUE(queue.submit(1, 10));
  queue.settle();
  device.faults.hold_syncs = true;
  Mid mid = 2;
  for (const std::size_t size : {60'000u, 1'000u, 10u})
    while (mid < 5'000 && queue.submit(mid, size)) ++mid;
  ASSERT_LT(mid, 5'000u) << "there is still room";
  queue.deliver(1);
  device.faults.hold_syncs = false;
  queue.settle();
  device.crash();
  queue.reopen();
  EXPECT_EQ(queue.shard->find(1), nullptr);
}

TEST_F(ShardTest, MoreMessagesThanAllowedAreRefused) {
  queue.close();
  queue.options.messages_max = 3;
  queue.open();
  for (Mid mid = 1; mid <= 3; ++mid) ASSERT_TRUE(queue.submit(mid, 10));
  EXPECT_EQ(queue.submit(4, 10).error(), QueueError::too_many_messages);
}

TEST_F(ShardTest, MoreArrivalsThanAllowedAreRefused) {
  for (int i = 0; i < 64; ++i) ASSERT_TRUE(queue.shard->begin(static_cast<Mid>(i + 1)));
  EXPECT_EQ(queue.shard->begin(65).error(), QueueError::too_many_arrivals);
}

}  // namespace sluice::queueing
