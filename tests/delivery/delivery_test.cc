#include "tests/delivery/delivery_world.h"

namespace sluice::delivery {
namespace {

using mail::EventKind;
using queueing::RecipientStatus;
using testing::HasSubstr;

class DeliveryTo : public DeliveryWorld {};

TEST_F(DeliveryTo, TheNextHopBringsAddedHeaderAndBodyAsTheyAre) {
  const Mid mid = put({"a@example.com", "b@example.com"}, "Subject: x\r\n\r\n.dot\r\nend\r\n");
  settle();
  ASSERT_EQ(first().messages.size(), 1u);
  EXPECT_EQ(first().messages[0], "Received: from test\r\nSubject: x\r\n\r\n..dot\r\nend\r\n");
  EXPECT_EQ((shard.outcomes[{mid, 0}]), RecipientStatus::delivered);
  EXPECT_EQ((shard.outcomes[{mid, 1}]), RecipientStatus::delivered);
  EXPECT_TRUE(shard.messages.empty());
  EXPECT_EQ(events.last[EventKind::delivery_start][0], "0 1");
  EXPECT_EQ(events.last[EventKind::delivery_done][0], "0 1");
  EXPECT_THAT(events.last[EventKind::delivery_done][1], HasSubstr("2.0.0 queued"));
  EXPECT_EQ(seen(EventKind::queue_finished), 1);
}

TEST_F(DeliveryTo, SeveralDomainsGoesByRoute) {
  put({"a@example.com", "b@example.org", "c@example.com"});
  settle();
  EXPECT_EQ(first().messages.size(), 1u);
  EXPECT_EQ(other().messages.size(), 1u);
  EXPECT_EQ(second().connections, 0u);
  EXPECT_TRUE(shard.messages.empty());
}

TEST_F(DeliveryTo, ABarePostmasterIsTheConfiguredMailbox) {
  config.delivery.postmaster = "admin@example.org";
  put({"postmaster"});
  settle();
  EXPECT_EQ(other().messages.size(), 1u);
  EXPECT_THAT(other().commands, testing::Contains("RCPT TO:<admin@example.org>"));
}

TEST_F(DeliveryTo, ADomainWithoutRouteIsDeferred) {
  put({"a@nowhere.test"});
  settle();
  EXPECT_EQ(events.last[EventKind::delivery_delayed][0], "4.4.4");
  EXPECT_EQ(seen(EventKind::delivery_pending), 1);
  EXPECT_EQ(shard.messages.size(), 1u);
  EXPECT_EQ(shard.leased(), 0u);
}

TEST_F(DeliveryTo, ALargeBodyHoldsTwoBlocksAtMostAndArrivesWhole) {
  std::string body = "Subject: x\r\n\r\n";
  for (int line = 0; line < 20'000; ++line) body += "line " + std::to_string(line) + "\r\n";
  first().window = 1'000;
  put({"a@example.com"}, body);
  settle();
  ASSERT_EQ(first().messages.size(), 1u);
  EXPECT_EQ(first().messages[0], "Received: from test\r\n" + body);
  EXPECT_GE(blocks.low_water(), blocks.capacity() - 2);
  EXPECT_EQ(blocks.available(), blocks.capacity());
}

TEST_F(DeliveryTo, AnEmptyBlockPoolOnlyDelays) {
  std::vector<BlockRef> taken;
  while (blocks.available() > 0) taken.push_back(blocks.acquire());
  put({"a@example.com"});
  settle();
  EXPECT_TRUE(first().messages.empty());
  EXPECT_LE(delivery->next_deadline(), clock.now() + milliseconds(10));
  taken.clear();
  settle();
  EXPECT_EQ(first().messages.size(), 1u);
}

TEST_F(DeliveryTo, ABusyQueueOnlyDelays) {
  shard.refuse_reads = true;
  put({"a@example.com"});
  settle();
  EXPECT_TRUE(first().messages.empty());
  shard.refuse_reads = false;
  settle();
  EXPECT_EQ(first().messages.size(), 1u);
}

TEST_F(DeliveryTo, AnUnreadableBodyIsNeverEndedWithADotNorCalledDelivered) {
  shard.fail_reads = true;
  const Mid mid = put({"a@example.com"});
  settle();
  EXPECT_TRUE(first().messages.empty());
  EXPECT_EQ(shard.outcomes.size(), 0u);
  EXPECT_EQ(shard.messages.at(mid).message.recipients[0].attempts, 1);
  EXPECT_EQ(shard.leased(), 0u);
}

TEST_F(DeliveryTo, OneConnectionIsReusedUpToTheMessageLimit) {
  config.delivery.connections_per_destination = 1;
  config.delivery.messages_per_connection = 4;
  for (int i = 0; i < 10; ++i) put({"a@example.com"});
  settle();
  EXPECT_EQ(first().messages.size(), 10u);
  EXPECT_EQ(first().connections, 3u);
}

TEST_F(DeliveryTo, AnIdleConnectionStaysFiveSecondsForReuse) {
  put({"a@example.com"});
  settle();
  pass(seconds(4));
  put({"b@example.com"});
  settle();
  EXPECT_EQ(first().connections, 1u);
  EXPECT_FALSE(delivery->idle());
  pass(seconds(6));
  EXPECT_EQ(first().commands.back(), "QUIT");
  EXPECT_TRUE(delivery->idle());
  EXPECT_EQ(seen(EventKind::delivery_close), 1);
  EXPECT_EQ(transport.open_connections(), 0u);
}

TEST_F(DeliveryTo, ADestinationHoldsItsConcurrencyLimit) {
  for (int i = 0; i < 50; ++i) put({"a@example.com"});
  settle();
  EXPECT_EQ(first().messages.size(), 50u);
  EXPECT_EQ(first().most_open, 3u);
}

TEST_F(DeliveryTo, AllDestinationsTogetherHoldTheConnectionLimit) {
  config.delivery.connections = 2;
  for (int i = 0; i < 20; ++i) put({i % 2 == 0 ? "a@example.com" : "b@example.org"});
  settle();
  pass(seconds(6));
  pass(seconds(6));
  EXPECT_EQ(first().messages.size() + other().messages.size(), 20u);
}

TEST_F(DeliveryTo, ExhaustedPortsOfOursAreTriedAgainWithoutBlamingThePeer) {
  transport.exhausted = true;
  put({"a@example.com"});
  settle();
  EXPECT_EQ(seen(EventKind::delivery_failed), 0);
  transport.exhausted = false;
  pass(seconds(2));
  EXPECT_EQ(first().messages.size(), 1u);
}

TEST_F(DeliveryTo, APausedEngineSendsNothingAndHoldsNoMessage) {
  start();
  delivery->pause(true);
  put({"a@example.com"});
  settle();
  EXPECT_EQ(first().connections, 0u);
  EXPECT_EQ(shard.leased(), 0u);
  delivery->pause(false);
  settle();
  EXPECT_EQ(first().messages.size(), 1u);
}

TEST_F(DeliveryTo, APauseEndsIdleConnectionsToo) {
  put({"a@example.com"});
  settle();
  EXPECT_EQ(first().messages.size(), 1u);
  EXPECT_FALSE(delivery->idle());  // kept for the next message
  delivery->pause(true);
  settle();
  EXPECT_TRUE(delivery->idle());
}

TEST_F(DeliveryTo, APauseOfTheConfigurationIsNotEndedByTheOperator) {
  config.delivery.paused = true;
  start();
  delivery->pause(true);
  delivery->pause(false);
  put({"a@example.com"});
  settle();
  EXPECT_EQ(first().connections, 0u);
}

TEST_F(DeliveryTo, AFlushTriesANextHopThatWasDownAtOnce) {
  first().refuses = second().refuses = true;
  put({"a@example.com"});
  settle();
  first().refuses = false;
  shard.messages.begin()->second.message.recipients[0].next_attempt = clock.wall();
  settle();
  EXPECT_EQ(first().messages.size(), 0u);  // it is left alone until its back-off has passed
  delivery->flush();
  shard.messages.begin()->second.message.recipients[0].next_attempt = clock.wall();
  settle();
  EXPECT_EQ(first().messages.size(), 1u);
}

TEST_F(DeliveryTo, RedirectedMailGoesWhereTheOthersGoes) {
  start();
  delivery->set_redirects({{"example.com", "example.org"}});
  put({"a@Example.com", "b@example.org"});
  settle();
  EXPECT_EQ(first().connections, 0u);
  ASSERT_EQ(other().messages.size(), 1u);
  EXPECT_EQ(delivery->route_of("example.com").redirected_to, "example.org");
  delivery->set_redirects({});
  put({"c@example.com"});
  settle();
  EXPECT_EQ(first().messages.size(), 1u);
}

TEST_F(DeliveryTo, ARedirectMayNameANextHop) {
  start();
  delivery->set_redirects({{"example.com", "192.0.2.3:25", *config::NextHop::parse(kOther)}});
  put({"a@example.com"});
  settle();
  EXPECT_EQ(first().connections, 0u);
  EXPECT_EQ(other().messages.size(), 1u);
  EXPECT_EQ(delivery->route_of("example.com").hops.at(0).address, "192.0.2.3:25");
  delivery->set_redirects({});
  put({"b@example.com"});
  settle();
  EXPECT_EQ(first().messages.size(), 1u);
}

TEST_F(DeliveryTo, HeldRecipientsAreLeftOut) {
  const Mid mid = put({"a@example.com", "b@example.org"});
  shard.messages.at(mid).message.recipients[0].held = true;
  settle();
  EXPECT_EQ(first().connections, 0u);
  EXPECT_EQ(other().messages.size(), 1u);
}

TEST_F(DeliveryTo, AHostThatIsHeldLeavesWhatWaitsForItInTheQueue) {
  first().answers = second().answers = false;
  std::vector<Mid> mids;
  for (int i = 0; i < 20; ++i) mids.push_back(put({"a@example.com"}));
  settle();
  for (const Mid mid : mids) shard.messages.at(mid).message.recipients[0].held = true;
  delivery->reconsider();
  first().answers = second().answers = true;
  pass(config.delivery.connect_timeout + seconds(1));
  EXPECT_LE(first().messages.size() + second().messages.size(), 3u) << "those that were begun";
}

TEST_F(DeliveryTo, ARecipientDeletedWhileItsJobWaitsIsNotSent) {
  first().answers = false;  // to the SYN: the job waits until the next hop is tried
  const Mid mid = put({"a@example.com", "b@example.com"});
  settle();
  shard.set_outcome(mid, 0, queueing::RecipientStatus::deleted);
  pass(config.delivery.connect_timeout + seconds(1));
  EXPECT_EQ(second().messages.size(), 1u);
  for (const std::string& command : second().commands)
    EXPECT_FALSE(command.starts_with("RCPT TO:<a@")) << command;
}

TEST_F(DeliveryTo, AMessageReturnedWholeGoesBackToItsSender) {
  start();
  const Mid mid = put({"a@example.com", "b@example.com"});
  Mid leased = 0;
  ASSERT_TRUE(shard.next_due(clock.wall(), leased));
  EXPECT_TRUE(delivery->return_to_sender(mid, "5.7.1", "550 5.7.1 no"));
  settle();
  EXPECT_EQ(seen(EventKind::dsn_generated), 1);
  EXPECT_EQ((shard.outcomes[{mid, 1}]), queueing::RecipientStatus::bounced);
  EXPECT_EQ(first().connections, 0u);
}

TEST_F(DeliveryTo, DrainingFinishesWhatIsUnderWayAndStartsNothing) {
  put({"a@example.com"});
  settle();
  delivery->drain(clock.now());
  put({"b@example.com"});
  settle();
  EXPECT_TRUE(delivery->idle());
  EXPECT_EQ(first().messages.size(), 1u);
  EXPECT_EQ(shard.leased(), 0u);
  EXPECT_EQ(shard.messages.size(), 1u);
}

TEST_F(DeliveryTo, AReloadSendsWhatWaitsByTheNewRoutes) {
  first().answers = false;
  put({"a@example.com"});
  settle();
  config::Config changed = config;
  changed.routes = {{.domain = "*", .next_hops = {*Endpoint::parse(kOther)}}};
  delivery->reconfigure(changed, {});
  settle();
  EXPECT_EQ(other().messages.size(), 1u);
  first().answers = true;
  pass(seconds(31));
  pass(seconds(6));
  EXPECT_TRUE(delivery->idle());
}

TEST_F(DeliveryTo, StatusCountsRecipients) {
  first().script = [](const std::string& command) {
    return command == "RCPT TO:<bad@example.com>"    ? "550 5.1.1 no"
           : command == "RCPT TO:<late@example.com>" ? "450 4.2.1 later"
                                                     : "";
  };
  put({"a@example.com", "bad@example.com", "late@example.com"});
  settle();
  const DestinationStatus row = delivery->status()[0];
  EXPECT_EQ(row.name, "example.com");
  EXPECT_EQ(row.delivered_recipients, 1u);
  EXPECT_EQ(row.hard_bounced, 1u);
  EXPECT_EQ(row.soft_bounced, 1u);
  EXPECT_EQ(row.active_recipients, 0u);
  EXPECT_FALSE(row.down);
}

}  // namespace
}  // namespace sluice::delivery
