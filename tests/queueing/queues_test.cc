// The operator's queues: stages and directions on the disk, hosts, holds, flushes.
#include "tests/support/queue_fixture.h"

namespace sluice::queueing {
namespace {

class ShardQueuesTest : public testing::Test {
 protected:
  void SetUp() override { queue.open(); }

  void put(Mid mid, Direction direction, Stage stage, std::vector<std::string> recipients) {
    auto arrival = queue.shard->begin(mid);
    ASSERT_TRUE(arrival);
    ASSERT_TRUE(queue.append(*arrival, body_of(mid, 500)));
    mail::Envelope envelope;
    envelope.set_sender("a@example.org", {});
    for (const std::string& address : recipients) envelope.add_recipient({.address = address});
    const std::string header = "Received: x\r\n";
    ASSERT_TRUE(queue.shard->commit(*arrival,
                                    {.envelope = &envelope,
                                     .added_header = as_bytes(header),
                                     .received = kReceived,
                                     .direction = direction,
                                     .stage = stage},
                                    mid));
    queue.settle();
  }
  void put(Mid mid, std::string address = "to@example.net") {
    put(mid, Direction::inbound, Stage::delivery, {std::move(address)});
  }
  QueueSizes sizes() { return queue.shard->counts().queues; }
  HostRecord* host(std::string_view name) { return queue.shard->hosts()->find(name); }
  std::vector<Mid> lease_all(WallTime now = kReceived) {
    std::vector<Mid> mids;
    Mid mid = 0;
    for (int i = 0; i < 1'000; ++i)
      if (queue.shard->next_due(now, mid)) mids.push_back(mid);
    return mids;
  }

  MemoryDevice device;
  QueueBench queue{device};
};

TEST_F(ShardQueuesTest, EachMessageIsInOneQueueAlsoAfterReopening) {
  put(1, Direction::inbound, Stage::scan, {"a@example.net"});
  put(2, Direction::inbound, Stage::scan, {"a@example.net"});
  put(3, Direction::outbound, Stage::scan, {"a@example.net"});
  put(4, Direction::outbound, Stage::delivery, {"a@example.net"});
  for (int times = 0; times < 2; ++times) {
    EXPECT_EQ(sizes(), (QueueSizes{2, 1, 1}));
    EXPECT_EQ(queue.shard->find(3)->direction, Direction::outbound);
    EXPECT_EQ(queue.shard->find(4)->direction, Direction::outbound);
    queue.reopen();
  }
  EXPECT_EQ(lease_all(), std::vector<Mid>{4});  // what waits for a scan is not due
}

TEST_F(ShardQueuesTest, AScannedMessageMovesOnWithItsStampsAndStaysMovedOn) {
  put(1, Direction::inbound, Stage::scan, {"a@example.net", "b@example.net"});
  Mid mid = 0;
  ASSERT_TRUE(queue.shard->next_unscanned(kReceived, mid));
  EXPECT_FALSE(queue.shard->next_unscanned(kReceived, mid));
  ASSERT_TRUE(queue.shard->set_stage(1, {Stage::delivery, std::int8_t{5}, "X-Stamp: 5\r\n"}));
  EXPECT_FALSE(queue.shard->unlease(1));
  for (int times = 0; times < 2; ++times) {
    EXPECT_EQ(sizes(), (QueueSizes{0, 0, 1}));
    const QueuedMessage* message = queue.shard->find(1);
    ASSERT_NE(message, nullptr);
    EXPECT_EQ(message->scl, 5);
    EXPECT_EQ(message->added_header, "Received: x\r\nX-Stamp: 5\r\n");
    EXPECT_EQ(*queue.read(1, 0, 500), body_of(1, 500));
    queue.settle();
    queue.reopen();
  }
  EXPECT_EQ(lease_all(), std::vector<Mid>{1});
  queue.deliver(1);
  EXPECT_TRUE(queue.shard->unlease(1));
  queue.settle();
  queue.reopen();
  EXPECT_EQ(queue.shard->counts().messages, 0u);
}

TEST_F(ShardQueuesTest, AMoveThatNeverReachedTheDiskIsMadeAgain) {
  put(1, Direction::inbound, Stage::scan, {"a@example.net"});
  Mid mid = 0;
  ASSERT_TRUE(queue.shard->next_unscanned(kReceived, mid));
  ASSERT_TRUE(queue.shard->set_stage(1, {Stage::delivery, std::int8_t{5}, "X-Stamp: 5\r\n"}));
  queue.reopen();  // nothing was polled: the record was in memory only
  EXPECT_EQ(sizes(), (QueueSizes{1, 0, 0}));
  EXPECT_EQ(queue.shard->find(1)->added_header, "Received: x\r\n");
}

TEST_F(ShardQueuesTest, ManyMovesLeaveTheLogAsShortAsItWas) {
  for (Mid mid = 1; mid <= 300; ++mid) put(mid, Direction::inbound, Stage::scan, {"a@example.net"});
  Mid mid = 0;
  while (queue.shard->next_unscanned(kReceived, mid)) {
    ASSERT_TRUE(queue.shard->set_stage(mid, {Stage::delivery, std::int8_t{0}, ""}));
    queue.shard->unlease(mid);
    queue.poll();
  }
  queue.settle();
  EXPECT_EQ(sizes(), (QueueSizes{0, 0, 300}));
  for (const Mid each : lease_all()) {
    queue.deliver(each);
    EXPECT_TRUE(queue.shard->unlease(each));
  }
  queue.settle();
  queue.poll(3);
  EXPECT_LE(queue.shard->counts().segments, 2u);
}

TEST_F(ShardQueuesTest, HostsCountPendingRecipientsWithoutRegardToCase) {
  put(1, Direction::inbound, Stage::delivery, {"a@Example.NET", "b@example.net", "c@other.net"});
  put(2, "d@example.net");
  put(3, Direction::inbound, Stage::scan, {"e@example.net"});  // not in the delivery queue
  EXPECT_EQ(host("example.net")->active, 3u);
  EXPECT_EQ(host("other.net")->active, 1u);
  queue.shard->set_outcome(1, 0, RecipientStatus::delivered);
  queue.shard->set_outcome(1, 2, RecipientStatus::bounced);
  EXPECT_EQ(host("example.net")->active, 2u);
  EXPECT_EQ(host("example.net")->delivered, 1u);
  EXPECT_EQ(host("other.net")->active, 0u);
  EXPECT_EQ(host("other.net")->hard_bounced, 1u);
}

TEST_F(ShardQueuesTest, ListsOfHostsHoldExactlyThePendingRecipients) {
  for (Mid mid = 1; mid <= 50; ++mid)
    put(mid, Direction::inbound, Stage::delivery, {"a@one.net", "b@two.net"});
  for (Mid mid = 1; mid <= 50; mid += 3) queue.shard->set_outcome(mid, 1, RecipientStatus::deleted);
  const HostIndex& hosts = *queue.shard->hosts();
  std::vector<Mid> listed;
  for (std::uint32_t at = host("two.net")->waiting.first; at != kNotListed;
       at = hosts.at(at).next) {
    EXPECT_EQ(hosts.at(at).rid, 1u);
    listed.push_back(queue.shard->at_slot(hosts.at(at).slot)->mid);
  }
  EXPECT_EQ(listed.size(), host("two.net")->active);
  EXPECT_EQ(listed.size(), 33u);
  EXPECT_TRUE(std::ranges::is_sorted(listed));
  EXPECT_EQ(host("one.net")->active, 50u);
}

TEST_F(ShardQueuesTest, AHeldHostIsNotDueAndTheOthersOfTheMessageAre) {
  queue.shard->hold("one.net", true);
  put(1, Direction::inbound, Stage::delivery, {"a@one.net", "b@two.net"});
  put(2, "c@one.net");
  EXPECT_EQ(lease_all(), std::vector<Mid>{1});
  EXPECT_TRUE(queue.shard->find(1)->recipients[0].held);
  EXPECT_FALSE(queue.shard->find(1)->recipients[1].held);
  queue.shard->set_outcome(1, 1, RecipientStatus::delivered);
  EXPECT_FALSE(queue.shard->unlease(1));
  EXPECT_EQ(lease_all(kReceived + hours(99)), std::vector<Mid>{});
  EXPECT_EQ(queue.shard->earliest_due().ns, INT64_MAX);  // held mail costs no look

  queue.shard->hold("one.net", false);
  queue.settle();
  auto due = lease_all();
  std::ranges::sort(due);
  EXPECT_EQ(due, (std::vector<Mid>{1, 2}));
}

TEST_F(ShardQueuesTest, AHoldThatComesLateIsSeenAtTheNextLook) {
  for (Mid mid = 1; mid <= 200; ++mid) put(mid, "c@one.net");
  put(201, "c@two.net");
  queue.shard->hold("one.net", true);
  EXPECT_EQ(lease_all(), std::vector<Mid>{201});
  EXPECT_EQ(host("one.net")->active, 200u);
  queue.shard->hold("one.net", false);
  queue.settle();
  EXPECT_EQ(lease_all().size(), 200u);
}

TEST_F(ShardQueuesTest, AFlushReachesEverythingDeferredButNothingHeld) {
  queue.shard->hold("held.net", true);
  for (Mid mid = 1; mid <= 100; ++mid) put(mid, mid % 10 == 0 ? "a@held.net" : "a@free.net");
  for (const Mid mid : lease_all()) {
    queue.shard->set_deferred(mid, 0, kReceived + hours(4));
    queue.shard->unlease(mid);
  }
  EXPECT_TRUE(lease_all().empty());
  queue.shard->flush_due(kReceived + seconds(5));
  queue.settle();
  EXPECT_TRUE(lease_all(kReceived + seconds(4)).empty());
  EXPECT_EQ(lease_all(kReceived + seconds(5)).size(), 90u);
}

TEST_F(ShardQueuesTest, WaitsGoOnAsTheyWereWhenTheClockIsSet) {
  for (const Duration by : {hours(30), Duration{} - hours(30)}) {
    put(1);  // never tried
    put(2);
    for (Mid mid : lease_all()) {
      if (mid == 2) queue.shard->set_deferred(mid, 0, kReceived + hours(2));
      queue.shard->unlease(mid);
    }
    const WallTime now = kReceived + by;
    queue.shard->clock_was_set({.by = by, .now = now, .latest = now + hours(4)});
    EXPECT_EQ(lease_all(now), std::vector<Mid>{1}) << by.seconds();
    EXPECT_TRUE(lease_all(now + hours(2) - nanoseconds(1)).empty()) << by.seconds();
    EXPECT_EQ(lease_all(now + hours(2)), std::vector<Mid>{2}) << by.seconds();
    for (const Mid mid : {1, 2}) {
      EXPECT_LE(queue.shard->find(mid)->received, now);
      queue.shard->set_outcome(mid, 0, RecipientStatus::delivered);
      queue.shard->unlease(mid);
    }
  }
}

TEST_F(ShardQueuesTest, AClockSetBackWhileNothingRanKeepsNoMessageBack) {
  put(1);
  put(2);
  for (const Mid mid : lease_all()) {
    if (mid == 2) queue.shard->set_deferred(mid, 0, kReceived + hours(1));
    queue.shard->unlease(mid);
  }
  queue.settle();
  queue.reopen();
  const WallTime now = kReceived - hours(24 * 300);
  queue.shard->clock_was_set({.by = {}, .now = now, .latest = now + hours(4)});
  EXPECT_EQ(lease_all(now), std::vector<Mid>{1});
  EXPECT_EQ(lease_all(now + hours(4)), std::vector<Mid>{2});
}

TEST_F(ShardQueuesTest, AMessageIsLeasedWhenItsDelayIsToBeToldAlsoAfterReopening) {
  const auto told_at = [&](Mid mid) { return queue.shard->find(mid)->recipients[0].delay_told; };
  queue.shard->set_delay_notice(hours(4));
  put(1);
  for (const Mid mid : lease_all()) {
    queue.shard->set_deferred(mid, 0, kReceived + hours(9));
    queue.shard->unlease(mid);
  }
  EXPECT_TRUE(lease_all(kReceived + hours(4) - nanoseconds(1)).empty());
  queue.settle();
  queue.reopen();
  queue.shard->set_delay_notice(hours(4));
  EXPECT_EQ(lease_all(kReceived + hours(4)), std::vector<Mid>{1});
  EXPECT_EQ(queue.shard->find(1)->recipients[0].next_attempt, kReceived + hours(9));
  queue.shard->set_delay_told(1, 0);
  queue.shard->unlease(1);
  for (int times = 0; times < 2; ++times) {
    EXPECT_TRUE(told_at(1));
    EXPECT_TRUE(lease_all(kReceived + hours(8)).empty());
    queue.settle();
    queue.reopen();
    queue.shard->set_delay_notice(hours(4));
  }
  EXPECT_EQ(lease_all(kReceived + hours(9)), std::vector<Mid>{1});
}

TEST_F(ShardQueuesTest, WhatAHostHasSaidIsRememberedForItAndForTheRecipient) {
  put(1, "a@one.net");
  using Kind = PeerAnswer::Kind;
  queue.shard->answered(1, 0, {Kind::unreachable, "connection refused", kReceived});
  EXPECT_TRUE(host("one.net")->down);
  EXPECT_EQ(host("one.net")->last_answer.text, "connection refused");
  EXPECT_EQ(*queue.shard->find(1)->answers[0], "connection refused");
  queue.shard->answered(1, 0, {Kind::failed, "550 no", kReceived + seconds(1)});
  EXPECT_FALSE(host("one.net")->down);
  EXPECT_EQ(host("one.net")->last_failure.text, "550 no");
  EXPECT_EQ(host("one.net")->soft_bounced, 1u);
}

TEST_F(ShardQueuesTest, IdleHostsAreForgottenBeyondTheirLimit) {
  for (Mid mid = 1; mid <= HostIndex::kIdleMax + 100; ++mid) {
    put(mid, "a@host" + std::to_string(mid) + ".net");
    queue.shard->set_outcome(mid, 0, RecipientStatus::delivered);
  }
  EXPECT_EQ(host("host1.net"), nullptr);
  EXPECT_NE(host("host4000.net"), nullptr);
  EXPECT_LE(queue.shard->hosts()->size(), HostIndex::kIdleMax + 2);
}

TEST_F(ShardQueuesTest, AVisitInSlicesSeesEachMessageOnce) {
  for (Mid mid = 1; mid <= 100; ++mid) put(mid);
  for (Mid mid = 1; mid <= 100; mid += 2)
    queue.shard->set_outcome(mid, 0, RecipientStatus::deleted);
  std::multiset<Mid> seen;
  std::size_t cursor = 0;
  while (queue.shard->visit(cursor, 7, [&](const QueuedMessage& m) { seen.insert(m.mid); }))
    continue;
  EXPECT_EQ(seen.size(), 50u);
  EXPECT_EQ(std::set<Mid>(seen.begin(), seen.end()).size(), 50u);
}

}  // namespace
}  // namespace sluice::queueing
