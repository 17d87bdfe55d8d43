#include "engine/smtp/client_session.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "tests/support/smtp_client_script.h"

namespace sluice::smtp {

namespace {

const std::string kPipelining = R"(
    S: 220 mx.test ESMTP
    C: EHLO out.test
    S: 250-mx.test
    S: 250-SIZE 1000
    S: 250-8BITMIME
    S: 250-DSN
    S: 250-SMTPUTF8
    S: 250 PIPELINING
)";
const std::string kPlain = R"(
    S: 220 mx.test SMTP
    C: EHLO out.test
    S: 250 mx.test
)";
const std::string kBody = R"(
    C: Subject: x
    C: 
    C: ..dot
    C: .
)";

}  // namespace

TEST(ClientSession, PipelinesTheEnvelope) {
  SmtpClientScript script({"b@example.org", "c@example.org"});
  script.messages[0].parameters = {
      .body = mail::BodyType::eight_bit_mime, .ret = mail::DsnReturn::full, .envid = "id"};
  script.messages[0].recipients[0].notify = mail::kNotifySuccess | mail::kNotifyFailure;
  script.messages[0].recipients[1].notify = mail::kNotifyNever;
  script.messages[0].recipients[1].orcpt = "rfc822;c@example.org";
  script.run(kPipelining + R"(
    C: MAIL FROM:<a@example.com> SIZE=20 BODY=8BITMIME RET=FULL ENVID=id
    C: RCPT TO:<b@example.org> NOTIFY=SUCCESS,FAILURE
    C: RCPT TO:<c@example.org> NOTIFY=NEVER ORCPT=rfc822;c@example.org
    C: DATA
    S: 250 2.1.0 ok
    S: 250 2.1.5 ok
    S: 250 2.1.5 ok
    S: 354 go
  )" + kBody + R"(
    S: 250 2.0.0 queued
    C: QUIT
    S: 221 bye
  )",
             {"delivered 250 2.0.0 queued", "delivered 250 2.0.0 queued"});
  EXPECT_EQ(script.failure, "");
}

TEST(ClientSession, WithoutPipeliningWaitsForEveryReply) {
  SmtpClientScript({"b@example.org"})
      .run(kPlain + R"(
    C: MAIL FROM:<a@example.com>
    S: 250 ok
    C: RCPT TO:<b@example.org>
    S: 250 ok
    C: DATA
    S: 354 go
  )" + kBody + R"(
    S: 250 queued
    C: QUIT
    S: 221 bye
  )",
           {"delivered 250 queued"});
}

TEST(ClientSession, FallsBackToHelo) {
  SmtpClientScript({"b@example.org"})
      .run(R"(
    S: 220-mx.test
    S: 220 hello
    C: EHLO out.test
    S: 500 what?
    C: HELO out.test
    S: 250 mx.test
    C: MAIL FROM:<a@example.com>
    S: 451 4.7.1 greylisted
    C: QUIT
  )",
           {"deferred 451 4.7.1 greylisted"});
}

TEST(ClientSession, EachRecipientHasItsOwnResult) {
  SmtpClientScript({"b@example.org", "c@example.org", "d@example.org", "e@example.org"})
      .run(kPipelining + R"(
    C: MAIL FROM:<a@example.com> SIZE=20
    C: RCPT TO:<b@example.org>
    C: RCPT TO:<c@example.org>
    C: RCPT TO:<d@example.org>
    C: RCPT TO:<e@example.org>
    C: DATA
    S: 250 ok
    S: 550-5.1.1 no
    S: 550 5.1.1 such user
    S: 250 ok
    S: 450 4.2.1 later
    S: 552 too many
    S: 354 go
  )" + kBody + R"(
    S: 250 queued
    C: QUIT
  )",
           {"failed 550 5.1.1 no 5.1.1 such user", "delivered 250 queued",
            "deferred 450 4.2.1 later", "deferred 552 too many"});
}

TEST(ClientSession, SendsALoneDotWhenAllWereRefusedAndThePeerSays354) {
  SmtpClientScript({"b@example.org"})
      .run(kPipelining + R"(
    C: MAIL FROM:<a@example.com> SIZE=20
    C: RCPT TO:<b@example.org>
    C: DATA
    S: 250 ok
    S: 550 no
    S: 354 go
    C: .
    S: 250 queued
    C: QUIT
  )",
           {"failed 550 no"});
}

TEST(ClientSession, SendsNoDataWhenAllWereRefusedAndResetsForTheNextMessage) {
  SmtpClientScript script({"b@example.org"});
  script.messages.push_back(script.messages[0]);
  script.run(kPlain + R"(
    C: MAIL FROM:<a@example.com>
    S: 250 ok
    C: RCPT TO:<b@example.org>
    S: 550 no
    C: RSET
    S: 250 ok
    C: MAIL FROM:<a@example.com>
    S: 550 nor this
    C: QUIT
  )",
             {"failed 550 no", "failed 550 nor this"});
}

TEST(ClientSession, ARefusedDataIsTheResultOfTheAcceptedRecipients) {
  SmtpClientScript script({"b@example.org"});
  script.messages.push_back(script.messages[0]);
  script.run(kPipelining + R"(
    C: MAIL FROM:<a@example.com> SIZE=20
    C: RCPT TO:<b@example.org>
    C: DATA
    S: 250 ok
    S: 250 ok
    S: 451 no room
    C: RSET
    C: MAIL FROM:<a@example.com> SIZE=20
    C: RCPT TO:<b@example.org>
    C: DATA
    S: 250 reset
    S: 250 ok
    S: 250 ok
    S: 354 go
  )" + kBody + R"(
    S: 554 spam
    C: QUIT
  )",
             {"deferred 451 no room", "failed 554 spam"});
}

TEST(ClientSession, SeveralMessagesGoOverOneConnection) {
  SmtpClientScript script({"b@example.org"});
  script.messages.push_back(script.messages[0]);
  script.run(kPipelining + R"(
    C: MAIL FROM:<a@example.com> SIZE=20
    C: RCPT TO:<b@example.org>
    C: DATA
    S: 250 ok
    S: 250 ok
    S: 354 go
  )" + kBody + R"(
    S: 250 first
    C: MAIL FROM:<a@example.com> SIZE=20
    C: RCPT TO:<b@example.org>
    C: DATA
    S: 250 ok
    S: 250 ok
    S: 354 go
  )" + kBody + R"(
    S: 250 second
    C: QUIT
  )",
             {"delivered 250 first", "delivered 250 second"});
}

TEST(ClientSession, WhatThePeerCannotTakeFailsWithoutAsking) {
  SmtpClientScript eight_bit({"b@example.org"});
  eight_bit.messages[0].parameters.body = mail::BodyType::eight_bit_mime;
  eight_bit.run(kPlain + "C: QUIT", {"failed 5.6.3 Message is 8-bit and the next hop does not "
                                     "offer 8BITMIME"});
  SmtpClientScript utf8({"b@example.org", "\u0431@example.org"});
  utf8.messages[0].parameters.smtputf8 = true;
  utf8.run(kPlain + "C: QUIT",
           {"failed 5.6.7 Message needs SMTPUTF8, which the next hop does not offer",
            "failed 5.6.7 Message needs SMTPUTF8, which the next hop does not offer"});
  SmtpClientScript large({"b@example.org"});
  large.messages[0].size = 1'001;
  large.run(kPipelining + "C: QUIT", {"failed 5.3.4 Message is larger than the next hop takes"});
}

TEST(ClientSession, OnlyTheRecipientThatNeedsSmtpUtf8FailsForIt) {
  SmtpClientScript({"\u0431@example.org", "c@example.org"})
      .run(kPlain + R"(
    C: MAIL FROM:<a@example.com>
    S: 250 ok
    C: RCPT TO:<c@example.org>
    S: 450 later
    C: QUIT
  )",
           {"failed 5.6.7 Message needs SMTPUTF8, which the next hop does not offer",
            "deferred 450 later"});
}

TEST(ClientSession, AnAddressThatCouldEndTheLineIsNeverSent) {
  SmtpClientScript script({"b@example.org>\r\nDATA\r\n", "c@example.org"});
  script.run(kPlain + R"(
    C: MAIL FROM:<a@example.com>
    S: 550 no
    C: QUIT
  )",
             {"failed 5.1.3 Recipient address cannot be sent", "failed 550 no"});
}

TEST(ClientSession, A421DefersEverythingAndEndsTheConnection) {
  SmtpClientScript script({"b@example.org", "c@example.org"});
  script.run(kPipelining + R"(
    C: MAIL FROM:<a@example.com> SIZE=20
    C: RCPT TO:<b@example.org>
    C: RCPT TO:<c@example.org>
    C: DATA
    S: 250 ok
    S: 550 no
    S: 421 4.3.2 closing
  )",
             {"failed 550 no", "deferred 421 4.3.2 closing"});
  EXPECT_EQ(script.failure, "421 4.3.2 closing");
}

TEST(ClientSession, AnAnswerBeforeTheEndOfTheMessageIsNeverASuccess) {
  SmtpClientScript script({"b@example.org"});
  const std::string open = kPipelining + R"(
    C: MAIL FROM:<a@example.com> SIZE=20
    C: RCPT TO:<b@example.org>
    C: DATA
    S: 250 ok
    S: 250 ok
    S: 354 go
  )";
  script.run(open + "S: 250 queued",
             {"deferred peer answered before the end of the message: 250 queued"});
  script.run(open + "S: 552 5.3.4 too large", {"failed 552 5.3.4 too large"});
}

TEST(ClientSession, NonsenseFromThePeerDefersTheMessage) {
  const std::pair<const char*, const char*> rows[] = {
      {"S: hello", "peer sent no SMTP reply"},
      {"S: 25 short", "peer sent no SMTP reply"},
      {"S: 999 high", "peer sent no SMTP reply"},
      {"S: 250-mixed\nS: 550 codes", "peer sent no SMTP reply"},
      {"S: 354 early", "peer sent an unexpected reply: 354 early"},
      {"S: 250 ok\nS: 250 ok\nS: 250 early", "peer sent an unexpected reply to DATA: 250 early"},
      {"S~ 250\\0", "connection lost: end of script"},
  };
  for (const auto& [nonsense, failure] : rows) {
    SmtpClientScript script({"b@example.org"});
    script.run(kPipelining + R"(
    C: MAIL FROM:<a@example.com> SIZE=20
    C: RCPT TO:<b@example.org>
    C: DATA
    )" + nonsense,
               {"deferred " + std::string(failure)});
    EXPECT_EQ(script.failure, failure);
  }
}

TEST(ClientSession, AReplyToNothingEndsTheConnection) {
  SmtpClientScript script({"b@example.org"});
  script.messages.clear();
  script.run("S: 220 mx.test\nC: EHLO out.test\nS: 250 mx.test\nS: 250 again", {});
  EXPECT_EQ(script.failure, "peer sent a reply to nothing: 250 again");
}

namespace {

struct Opened {
  Opened() {
    session.open({.hostname = "out.test"}, Instant{});
    message.reverse_path = "a@example.com";
    message.recipients = {{.address = "b@example.org"}};
  }
  std::string hear(std::string_view text, Instant now = {}) {
    session.receive(as_bytes(text), now);
    return read();
  }
  std::string read() {
    std::string out(as_text(session.output()));
    session.output_sent(out.size());
    return out;
  }
  void start() {
    hear("220 mx\r\n");
    hear("250-mx\r\n250 PIPELINING\r\n");
    session.start(message, {});
    read();
  }
  ClientSession session;
  OutgoingMessage message;
};

}  // namespace

TEST(ClientSession, EveryStepHasItsTimeout) {
  Opened opened;
  ClientSession& session = opened.session;
  EXPECT_EQ(session.deadline(), Instant{} + minutes(5));
  opened.start();
  EXPECT_EQ(session.deadline(), Instant{} + minutes(5));
  opened.hear("250 ok\r\n250 ok\r\n354 go\r\n", Instant{} + seconds(1));
  EXPECT_EQ(session.deadline(), Instant{} + seconds(181));
  session.body(as_bytes("x"), Instant{} + seconds(2));
  EXPECT_EQ(session.deadline(), Instant{} + seconds(182));
  session.body_end(Instant{} + seconds(3));
  EXPECT_EQ(session.deadline(), Instant{} + seconds(603));
  session.on_deadline(Instant{} + seconds(602));
  EXPECT_FALSE(session.finished());
  session.on_deadline(Instant{} + seconds(603));
  EXPECT_EQ(session.failure(), "timed out waiting for the reply to the message");
  EXPECT_EQ(session.take_result()->recipients[0].outcome, Outcome::deferred);
}

TEST(ClientSession, AReplyBeforeTheDotLeftIsNoSuccess) {
  Opened opened;
  opened.start();
  opened.hear("250 ok\r\n250 ok\r\n354 go\r\n");
  opened.session.body_end(Instant{});  // the dot still waits in output()
  opened.session.receive(as_bytes("250 queued\r\n"), Instant{});
  EXPECT_EQ(opened.session.take_result()->recipients[0].outcome, Outcome::deferred);
  EXPECT_TRUE(opened.session.output().empty());
}

TEST(ClientSession, ABodyThatCannotBeReadIsGivenUpWithoutADot) {
  Opened opened;
  opened.start();
  opened.hear("250 ok\r\n250 ok\r\n354 go\r\n");
  opened.session.body(as_bytes("half a message\r\n"), Instant{});
  opened.session.body_failed(Instant{});
  EXPECT_TRUE(opened.session.finished());
  EXPECT_TRUE(opened.session.output().empty());
  EXPECT_EQ(opened.session.take_result()->recipients[0].outcome, Outcome::deferred);
}

TEST(ClientSession, TheBodyIsBoundedByTheOutputBuffer) {
  Opened opened;
  opened.start();
  opened.hear("250 ok\r\n250 ok\r\n354 go\r\n");
  const std::string dots(100'000, '\n');  // each becomes two octets
  const std::size_t taken = opened.session.body(as_bytes(dots), Instant{});
  EXPECT_GT(taken, 16'000u);
  EXPECT_LE(opened.session.output().size(), 32u * 1024);
  EXPECT_FALSE(opened.session.wants_body());
  EXPECT_EQ(opened.session.body(as_bytes(dots), Instant{}), 0u);
  opened.read();
  EXPECT_TRUE(opened.session.wants_body());
}

TEST(ClientSession, AGreetingThatRefusesIsTheFailure) {
  Opened opened;
  EXPECT_EQ(opened.hear("554 no service\r\n"), "");
  EXPECT_EQ(opened.session.failure(), "554 no service");
  EXPECT_EQ(opened.session.failure_code(), 554);
}

TEST(ClientSession, AThousandRecipientsAreSentAsTheOutputDrains) {
  Opened opened;
  std::vector<std::string> addresses;
  for (int i = 0; i < 1'000; ++i)
    addresses.push_back("user" + std::to_string(i) + "-" + std::string(40, 'x') + "@example.org");
  opened.message.recipients.clear();
  for (const std::string& address : addresses)
    opened.message.recipients.push_back({.address = address});
  opened.hear("220 mx\r\n");
  opened.hear("250-mx\r\n250 PIPELINING\r\n");
  opened.session.start(opened.message, {});
  std::string answers;
  std::size_t commands = 0;
  while (!opened.session.output().empty()) {
    ASSERT_LE(opened.session.output().size(), 32u * 1024);
    const std::string said = opened.read();
    commands += static_cast<std::size_t>(std::count(said.begin(), said.end(), '\n'));
  }
  EXPECT_EQ(commands, 1'002u);
  for (int i = 0; i < 1'001; ++i) answers += "250 ok\r\n";
  opened.hear(answers + "451 later\r\n");
  const auto result = opened.session.take_result();
  ASSERT_TRUE(result);
  EXPECT_EQ(result->recipients.size(), 1'000u);
  EXPECT_EQ(result->recipients.back().reply, "451 later");
}

TEST(ReplyReader, BoundsWhatAServerMaySend) {
  ReplyReader reader;
  const std::string endless(kReplyLineBytesMax + 1, '2');
  EXPECT_EQ(reader.read(as_bytes(endless)).status, ReplyReader::Status::malformed);
  reader.clear();
  std::string lines;
  const std::string line = "250-" + std::string(100, 'x') + "\r\n";
  for (std::size_t i = 0; i <= kReplyLinesMax; ++i) lines += line;
  EXPECT_EQ(reader.read(as_bytes(lines)).status, ReplyReader::Status::malformed);
  EXPECT_LE(reader.text().size(), kReplyTextBytesMax);
}

TEST(ReplyReader, EndsLinesWithCrlfOrLf) {
  ReplyReader reader;
  EXPECT_EQ(reader.read(as_bytes("250-a\n250 b\r\n")).status, ReplyReader::Status::whole);
  EXPECT_EQ(reader.text(), "a\nb");
  EXPECT_EQ(reader.read(as_bytes("221\r\n")).status, ReplyReader::Status::whole);
  EXPECT_EQ(reader.code(), 221);
  EXPECT_EQ(reader.text(), "");
}

}  // namespace sluice::smtp
