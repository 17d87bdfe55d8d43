#include "tests/delivery/delivery_world.h"

namespace sluice::delivery {
namespace {

using mail::EventKind;
using queueing::RecipientStatus;
using testing::HasSubstr;

class DeliveryFailure : public DeliveryWorld {
 protected:
  // The next hop for example.org takes the DSNs.
  void answer(std::string command, std::string reply) {
    first().script = [=](const std::string& line) {
      return line.starts_with(command) ? reply : std::string();
    };
  }
};

TEST_F(DeliveryFailure, TheNextHopAfterOneThatRefusesIsUsed) {
  first().refuses = true;
  put({"a@example.com"});
  settle();
  EXPECT_EQ(second().messages.size(), 1u);
  EXPECT_EQ(seen(EventKind::delivery_failed), 1);
}

TEST_F(DeliveryFailure, TheNextHopAfterOneThatDoesNotAnswerIsUsed) {
  first().answers = false;
  put({"a@example.com"});
  settle();
  EXPECT_EQ(second().connections, 0u);
  pass(config.delivery.connect_timeout + milliseconds(10));
  EXPECT_EQ(second().messages.size(), 1u);
}

TEST_F(DeliveryFailure, TheNextHopAfterOneThatGreetsWith554IsUsed) {
  answer("CONNECT", "554 5.3.2 no service here");
  put({"a@example.com"});
  settle();
  EXPECT_EQ(second().messages.size(), 1u);
  EXPECT_EQ(events.last[EventKind::delivery_failed][2], "unexpected SMTP response");
}

TEST_F(DeliveryFailure, ADeadDestinationIsNotTriedMessageByMessage) {
  first().refuses = second().refuses = true;
  for (int i = 0; i < 200; ++i) put({"a@example.com"});
  settle();
  EXPECT_LE(seen(EventKind::delivery_failed), 6);
  EXPECT_EQ(seen(EventKind::delivery_pending), 200);
  EXPECT_EQ(shard.leased(), 0u);
  EXPECT_TRUE(delivery->status()[0].down);
  first().refuses = false;
  pass(minutes(18));
  EXPECT_EQ(first().messages.size(), 200u);
  EXPECT_FALSE(delivery->status()[0].down);
}

TEST_F(DeliveryFailure, ATemporaryReplyDefersByTheSchedule) {
  answer(".", "451 4.3.0 try later");
  const Mid mid = put({"a@example.com"});
  settle();
  EXPECT_EQ(shard.outcomes.size(), 0u);
  EXPECT_EQ(events.last[EventKind::delivery_delayed][0], "4.3.0");
  EXPECT_THAT(events.last[EventKind::delivery_delayed][2], HasSubstr("try later"));
  const auto& progress = shard.messages.at(mid).message.recipients[0];
  EXPECT_GE(progress.next_attempt, clock.wall() + minutes(15));
  answer("none", "");
  pass(minutes(17));
  EXPECT_EQ((shard.outcomes[{mid, 0}]), RecipientStatus::delivered);
}

TEST_F(DeliveryFailure, AConnectionLostAfterTheDotIsNotDelivery) {
  answer(".", "drop");
  const Mid mid = put({"a@example.com"});
  settle();
  EXPECT_EQ(first().messages.size(), 1u);
  EXPECT_EQ(shard.outcomes.size(), 0u);
  EXPECT_EQ(shard.messages.at(mid).message.recipients[0].attempts, 1);
  EXPECT_EQ(shard.leased(), 0u);
}

TEST_F(DeliveryFailure, AnyCommandMayGoUnansweredOrBeCutOffAndNothingIsLost) {
  for (const char* reply : {"silent", "drop", "421 4.3.2 closing", "nonsense"}) {
    for (const char* command : {"CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "."}) {
      answer(command, reply);
      const Mid mid = put({"a@example.com"});
      second().refuses = true;
      settle();
      pass(minutes(11));
      EXPECT_EQ(shard.outcomes.count({mid, 0}), 0u) << command << ' ' << reply;
      EXPECT_EQ(shard.leased(), 0u) << command << ' ' << reply;
      EXPECT_TRUE(delivery->idle()) << command << ' ' << reply;
      EXPECT_EQ(blocks.available(), blocks.capacity()) << command << ' ' << reply;
      answer("none", "");
      pass(hours(9));
      EXPECT_EQ((shard.outcomes[{mid, 0}]), RecipientStatus::delivered) << command << ' ' << reply;
      pass(seconds(6));
    }
  }
}

TEST_F(DeliveryFailure, AConnectionThatWentStaleWhileIdleCostsNoRetryDelay) {
  put({"a@example.com"});
  settle();
  put({"b@example.com"});
  first().script = [calls = 0](const std::string& line) mutable {
    return line.starts_with("MAIL") && calls++ == 0 ? "drop" : "";
  };
  settle();
  EXPECT_EQ(first().messages.size(), 2u);
  EXPECT_EQ(seen(EventKind::delivery_delayed), 0);
}

TEST_F(DeliveryFailure, APermanentReplyBouncesWithANoticeToTheSender) {
  answer("RCPT TO:<bad@", "550 5.1.1 User unknown");
  const Mid mid = put({"good@example.com", "bad@example.com"});
  settle();
  EXPECT_EQ((shard.outcomes[{mid, 0}]), RecipientStatus::delivered);
  EXPECT_EQ((shard.outcomes[{mid, 1}]), RecipientStatus::bounced);
  EXPECT_EQ(events.last[EventKind::delivery_bounced][0], "5.1.1");
  EXPECT_EQ(events.last[EventKind::delivery_bounced][1], "Unknown address error");
  EXPECT_EQ(events.last_event[EventKind::dsn_generated].number, static_cast<std::int64_t>(mid));
  ASSERT_EQ(other().messages.size(), 1u);
  EXPECT_THAT(other().commands, testing::Contains(testing::StartsWith("MAIL FROM:<>")));
  EXPECT_THAT(other().commands, testing::Contains("RCPT TO:<from@example.org>"));
  EXPECT_THAT(other().messages[0], HasSubstr("Final-Recipient: rfc822;bad@example.com"));
  EXPECT_THAT(other().messages[0], HasSubstr("text/rfc822-headers\r\n\r\nReceived: from test\r\n"
                                             "Subject: x\r\n\r\n--sluice-"));
  EXPECT_TRUE(shard.messages.empty());
}

TEST_F(DeliveryFailure, TheWholeMessageIsReturnedWhenAskedFor) {
  answer("RCPT", "550 5.1.1 User unknown");
  std::string body = "Subject: x\r\n\r\n";
  for (int line = 0; line < 5'000; ++line) body += "line " + std::to_string(line) + "\r\n";
  shard.put("from@example.org", {"bad@example.com"}, body, clock.wall(),
            {.ret = mail::DsnReturn::full});
  settle();
  ASSERT_EQ(other().messages.size(), 1u);
  EXPECT_THAT(other().messages[0],
              HasSubstr("message/rfc822\r\n\r\nReceived: from test\r\n" + body));
}

TEST_F(DeliveryFailure, AMessageOfTheNullSenderIsNeverAnswered) {
  answer("RCPT", "550 5.1.1 User unknown");
  const Mid mid = put({"bad@example.com"}, "Subject: x\r\n\r\n", "");
  settle();
  EXPECT_EQ((shard.outcomes[{mid, 0}]), RecipientStatus::bounced);
  EXPECT_EQ(seen(EventKind::dsn_generated), 0);
  EXPECT_TRUE(shard.messages.empty());
}

TEST_F(DeliveryFailure, AMessageExpiresWithANotice) {
  answer(".", "451 4.3.0 try later");
  const Mid mid = put({"a@example.com"});
  settle();
  for (int hour = 0; hour < 5 * 24 + 1; ++hour) pass(hours(1));
  EXPECT_EQ((shard.outcomes[{mid, 0}]), RecipientStatus::expired);
  ASSERT_EQ(other().messages.size(), 2u);  // of the delay, and of its end
  EXPECT_THAT(other().messages[1], HasSubstr("Action: failed\r\nStatus: 4.4.7\r\n"));
  EXPECT_THAT(other().messages[1], HasSubstr("451 4.3.0 try later"));
}

TEST_F(DeliveryFailure, ANoticeThatCannotBeStoredLeavesTheRecipientPending) {
  answer("RCPT", "550 5.1.1 User unknown");
  shard.refuse_arrivals = true;
  const Mid mid = put({"bad@example.com"});
  settle();
  EXPECT_EQ(shard.outcomes.size(), 0u);
  EXPECT_EQ(shard.leased(), 0u);
  shard.refuse_arrivals = false;
  pass(minutes(18));
  EXPECT_EQ((shard.outcomes[{mid, 0}]), RecipientStatus::bounced);
  EXPECT_EQ(other().messages.size(), 1u);
}

TEST_F(DeliveryFailure, ANoticeThatTheDiskLosesAtCommitIsWrittenAgain) {
  answer("RCPT", "550 5.1.1 User unknown");
  shard.lose_commits = true;
  const Mid mid = put({"bad@example.com"});
  settle();
  EXPECT_EQ(shard.outcomes.size(), 0u);
  EXPECT_EQ(shard.leased(), 0u);
  shard.lose_commits = false;
  pass(minutes(18));
  EXPECT_EQ((shard.outcomes[{mid, 0}]), RecipientStatus::bounced);
  EXPECT_EQ(other().messages.size(), 1u);
}

TEST_F(DeliveryFailure, AReadInFlightOutlivesTheMessageItWasFor) {
  shard.hold_reads = true;
  answer("RCPT", "550 5.1.1 User unknown");
  const Mid mid = put({"bad@example.com"}, std::string(100'000, 'x'), "");
  settle();
  EXPECT_EQ(shard.outcomes.count({mid, 0}), 0u);
  shard.hold_reads = false;
  settle();
  EXPECT_EQ((shard.outcomes[{mid, 0}]), RecipientStatus::bounced);
  EXPECT_EQ(blocks.available(), blocks.capacity());
}

}  // namespace
}  // namespace sluice::delivery
