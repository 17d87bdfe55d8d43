// Delivery status notifications as they come about: who is told what, when, and how often.
#include "tests/delivery/delivery_world.h"

namespace sluice::delivery {
namespace {

using mail::EventKind;
using queueing::RecipientStatus;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class DsnDelivery : public DeliveryWorld {
 protected:
  // The next hop for example.org takes the notifications.
  void answer(std::string command, std::string reply) {
    first().script = [=](const std::string& line) {
      return line.starts_with(command) ? reply : std::string();
    };
  }
  Mid put_to(std::vector<mail::Recipient> recipients, mail::SenderParameters parameters = {},
             std::string_view sender = "from@example.org") {
    mail::Envelope envelope;
    envelope.set_sender(sender, parameters);
    for (const mail::Recipient& recipient : recipients) envelope.add_recipient(recipient);
    return shard.put(envelope, "Subject: x\r\n\r\nhello\r\n", clock.wall());
  }
};

TEST_F(DsnDelivery, WhatTheSenderAskedForIsPassedOnToAPeerThatOffersDsn) {
  answer("EHLO", "250-mx.test\r\n250 DSN");
  put_to({{.address = "a@example.com",
           .notify = mail::kNotifySuccess | mail::kNotifyDelay,
           .orcpt = "rfc822;old+2Bname@example.com"},
          {.address = "b@example.com", .notify = mail::kNotifyNever}},
         {.ret = mail::DsnReturn::headers, .envid = "QQ314"});
  settle();
  EXPECT_THAT(first().commands, Contains("MAIL FROM:<from@example.org> RET=HDRS ENVID=QQ314"));
  EXPECT_THAT(first().commands, Contains("RCPT TO:<a@example.com> NOTIFY=SUCCESS,DELAY "
                                         "ORCPT=rfc822;old+2Bname@example.com"));
  EXPECT_THAT(first().commands, Contains("RCPT TO:<b@example.com> NOTIFY=NEVER"));
  EXPECT_EQ(seen(EventKind::dsn_generated), 0);
}

TEST_F(DsnDelivery, APeerWithoutDsnIsTheEndAndRelayedIsReportedWhereSuccessWasAsked) {
  const Mid mid = put_to({{.address = "a@example.com", .notify = mail::kNotifySuccess},
                          {.address = "b@example.com"},
                          {.address = "c@example.com", .notify = mail::kNotifySuccess}},
                         {.ret = mail::DsnReturn::full, .envid = "QQ+2B314"});
  settle();
  EXPECT_THAT(first().commands, Contains("RCPT TO:<a@example.com>"));
  for (Rid rid : {0u, 1u, 2u})
    EXPECT_EQ((shard.outcomes[{mid, rid}]), RecipientStatus::delivered) << rid;
  ASSERT_EQ(other().messages.size(), 1u);
  const std::string& report = other().messages[0];
  EXPECT_THAT(report, HasSubstr("Original-Envelope-Id: QQ+314\r\n"));
  EXPECT_THAT(report, HasSubstr("Final-Recipient: rfc822;a@example.com\r\nAction: relayed\r\n"
                                "Status: 2.0.0\r\nRemote-MTA: dns; [192.0.2.1]\r\n"));
  EXPECT_THAT(report, HasSubstr("Final-Recipient: rfc822;c@example.com\r\n"));
  EXPECT_THAT(report, Not(HasSubstr("b@example.com")));
  EXPECT_THAT(report, Not(HasSubstr("hello")));
  EXPECT_THAT(other().commands, Contains("MAIL FROM:<>"));
  EXPECT_EQ(events.last[EventKind::dsn_generated][0], "success");
  EXPECT_TRUE(shard.messages.empty());
}

TEST_F(DsnDelivery, ADelayIsToldAfterFourHoursBetweenAttemptsAndOnce) {
  answer("RCPT", "451 4.3.0 try later");
  const Mid mid = put_to({{.address = "a@example.com", .notify = 0}});
  settle();
  for (const Duration wait : {minutes(15), minutes(30), hours(1), hours(2)}) pass(wait);
  pass(minutes(15) - milliseconds(1));
  EXPECT_EQ(seen(EventKind::dsn_generated), 0);
  const int attempts = seen(EventKind::delivery_delayed);
  pass(milliseconds(1));
  ASSERT_EQ(other().messages.size(), 1u);
  EXPECT_EQ(seen(EventKind::delivery_delayed), attempts) << "it is no attempt";
  EXPECT_THAT(other().messages[0], HasSubstr("Action: delayed\r\n"));
  EXPECT_THAT(other().messages[0], HasSubstr("Will-Retry-Until: "));
  EXPECT_EQ(shard.leased(), 0u);
  for (int hour = 0; hour < 24; ++hour) pass(hours(1));
  EXPECT_EQ(other().messages.size(), 1u);
  answer("none", "");
  pass(hours(5));
  EXPECT_EQ((shard.outcomes[{mid, 0}]), RecipientStatus::delivered);
}

TEST_F(DsnDelivery, NobodyHearsOfADelayWhoDidNotWantToOrCannot) {
  answer("RCPT", "451 4.3.0 try later");
  put_to({{.address = "a@example.com", .notify = mail::kNotifyFailure},
          {.address = "b@example.com", .notify = mail::kNotifyNever}});
  put_to({{.address = "c@example.com"}}, {}, "");
  settle();
  for (int hour = 0; hour < 12; ++hour) pass(hours(1));
  EXPECT_EQ(seen(EventKind::dsn_generated), 0);
  EXPECT_EQ(shard.leased(), 0u);
}

TEST_F(DsnDelivery, ADelayOfAHeldRecipientIsNotToldAndCostsNothing) {
  answer("RCPT", "451 4.3.0 try later");
  const Mid mid = put_to({{.address = "a@example.com"}, {.address = "b@example.com"}});
  settle();
  shard.messages.at(mid).message.recipients[1].held = true;
  for (int hour = 0; hour < 6; ++hour) pass(hours(1));
  ASSERT_EQ(other().messages.size(), 1u);
  EXPECT_THAT(other().messages[0], Not(HasSubstr("b@example.com")));
}

TEST_F(DsnDelivery, AFailureAndASuccessOfOneAttemptMakeOneReport) {
  answer("RCPT TO:<bad@", "550 5.1.1 User unknown");
  put_to({{.address = "good@example.com", .notify = mail::kNotifySuccess | mail::kNotifyFailure},
          {.address = "bad@example.com"}},
         {.ret = mail::DsnReturn::full});
  settle();
  ASSERT_EQ(other().messages.size(), 1u);
  EXPECT_THAT(other().messages[0], HasSubstr("Subject: Undelivered mail"));
  EXPECT_THAT(other().messages[0], HasSubstr("Action: failed\r\n"));
  EXPECT_THAT(other().messages[0], HasSubstr("Action: relayed\r\n"));
  EXPECT_THAT(other().messages[0], HasSubstr("hello"));
}

TEST_F(DsnDelivery, AReportTooLargeToReturnReturnsItsHeader) {
  config.delivery.return_max = 4;
  answer("RCPT", "550 5.1.1 User unknown");
  put_to({{.address = "a@example.com"}}, {.ret = mail::DsnReturn::full});
  settle();
  ASSERT_EQ(other().messages.size(), 1u);
  EXPECT_THAT(other().messages[0], HasSubstr("text/rfc822-headers"));
  EXPECT_THAT(other().messages[0], Not(HasSubstr("hello")));
}

TEST_F(DsnDelivery, ASuccessThatCannotBeReportedIsLoggedAndNotDeliveredTwice) {
  shard.refuse_arrivals = true;
  const Mid mid = put_to({{.address = "a@example.com", .notify = mail::kNotifySuccess}});
  settle();
  EXPECT_EQ((shard.outcomes[{mid, 0}]), RecipientStatus::delivered);
  EXPECT_EQ(seen(EventKind::dsn_lost), 1);
  EXPECT_TRUE(shard.messages.empty());
  EXPECT_EQ(first().messages.size(), 1u);
}

TEST_F(DsnDelivery, ADelayThatCannotBeReportedDoesNotGoRoundInCircles) {
  answer("RCPT", "451 4.3.0 try later");
  put_to({{.address = "a@example.com"}});
  settle();
  shard.lose_commits = true;
  for (int hour = 0; hour < 6; ++hour) pass(hours(1));
  EXPECT_EQ(seen(EventKind::dsn_lost), 1);
  EXPECT_EQ(shard.leased(), 0u);
}

}  // namespace
}  // namespace sluice::delivery
