// What a server session does when time passes, peers misbehave or the house closes.
#include <gtest/gtest.h>

#include "tests/support/smtp_script.h"

namespace sluice::smtp {

namespace {

constexpr Instant at(std::int64_t s) { return Instant{} + seconds(s); }

struct Opened {
  explicit Opened(ServerSettings with = {.hostname = "mx.test"}) : settings(std::move(with)) {
    session.open(settings, handler, {*IpAddress::parse("2001:db8::7"), 25}, at(0));
  }
  std::string say(std::string_view text, Instant now = at(0)) {
    session.receive(as_bytes(text), now);
    return read();
  }
  std::string read() {
    std::string out(as_text(session.output()));
    session.output_sent(out.size());
    return out;
  }
  ServerSettings settings;
  RecordingHandler handler;
  ServerSession session;
};

constexpr std::string_view kUpToData =
    "EHLO c\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n";

}  // namespace

TEST(ServerSessionTime, GreetsAfterTheDelay) {
  Opened opened({.hostname = "mx.test", .greet_delay = seconds(3)});
  EXPECT_EQ(opened.session.waiting(), Wait::greeting);
  EXPECT_EQ(opened.session.deadline(), at(3));
  opened.session.on_deadline(at(2));
  EXPECT_EQ(opened.read(), "");
  opened.session.on_deadline(at(3));
  EXPECT_EQ(opened.read(), "220 mx.test ESMTP\r\n");
  EXPECT_EQ(opened.session.waiting(), Wait::input);
}

TEST(ServerSessionTime, AnEarlyTalkerIsReportedAndTurnedAway) {
  Opened opened({.hostname = "mx.test", .greet_delay = seconds(3)});
  EXPECT_EQ(opened.say("EHLO bot\r\n"), "554 5.5.1 Protocol error: input before the greeting\r\n");
  EXPECT_TRUE(opened.session.finished());
  EXPECT_EQ(opened.handler.effects, std::vector<std::string>{"early EHLO bot\\r\\n"});
}

TEST(ServerSessionTime, ASilentPeerIsClosedAfterTheCommandTimeout) {
  Opened opened;
  EXPECT_EQ(opened.session.deadline(), at(300));
  opened.read();
  opened.say("NOOP\r\nNO", at(100));
  EXPECT_EQ(opened.session.deadline(), at(400));
  opened.say("O", at(399));  // an octet is no command
  opened.session.on_deadline(at(400));
  EXPECT_EQ(opened.read(), "421 4.4.2 Timed out, closing transmission channel\r\n");
  EXPECT_TRUE(opened.session.finished());
  EXPECT_EQ(opened.session.deadline(), Instant::never());
}

TEST(ServerSessionTime, DataRestartsItsTimeoutWithEveryBlock) {
  Opened opened;
  opened.say(kUpToData);
  EXPECT_EQ(opened.session.deadline(), at(180));
  opened.say("text\r\n", at(100));
  EXPECT_EQ(opened.session.deadline(), at(280));
  opened.session.on_deadline(at(280));
  EXPECT_EQ(opened.handler.effects.back(), "abort timed out");
  EXPECT_TRUE(opened.session.finished());
}

TEST(ServerSessionTime, TheSessionAsAWholeIsBoundedButNeverInsideACommit) {
  Opened opened({.hostname = "mx.test", .session_timeout = seconds(200)});
  opened.say("NOOP\r\n", at(150));
  EXPECT_EQ(opened.session.deadline(), at(200));
  opened.say(kUpToData, at(150));
  opened.say("x\r\n.\r\n", at(160));
  EXPECT_EQ(opened.session.waiting(), Wait::commit);
  EXPECT_EQ(opened.session.deadline(), Instant::never());
  opened.session.on_deadline(at(500));
  EXPECT_FALSE(opened.session.finished());
}

TEST(ServerSessionTime, NothingIsConsumedWhileTheHouseDecides) {
  Opened opened;
  opened.say(kUpToData);
  const std::string_view rest = "x\r\n.\r\nQUIT\r\n";
  EXPECT_EQ(opened.session.receive(as_bytes(rest), at(1)), rest.size() - 6);
  EXPECT_EQ(opened.session.receive(as_bytes("QUIT\r\n"), at(1)), 0u);
  opened.session.complete_message({451, "4.3.0", "Later"}, at(2));
  EXPECT_EQ(opened.say("QUIT\r\n", at(2)),
            "451 4.3.0 Later\r\n221 2.0.0 Service closing transmission channel\r\n");
}

TEST(ServerSessionTime, AHalfClosedPeerStillGetsTheAnswerToItsMessage) {
  Opened opened;
  opened.say(kUpToData);
  opened.say("x\r\n.\r\n");
  opened.session.receive_end(at(1));
  EXPECT_FALSE(opened.session.finished());
  opened.session.complete_message({250, "2.0.0", "Queued"}, at(2));
  EXPECT_EQ(opened.read(), "250 2.0.0 Queued\r\n");
  EXPECT_TRUE(opened.session.finished());
}

TEST(ServerSessionTime, ALostConnectionAbortsAMessageButNotADecision) {
  Opened receiving;
  receiving.say(kUpToData);
  receiving.session.connection_lost();
  EXPECT_EQ(receiving.handler.effects.back(), "abort connection lost");
  Opened committing;
  committing.say(kUpToData);
  committing.say("x\r\n.\r\n");
  committing.session.connection_lost();
  EXPECT_EQ(committing.handler.effects.back(), "end x\\r\\n");
  committing.session.complete_message({250, "2.0.0", "Queued"}, at(1));
  EXPECT_EQ(committing.read(), "");
  EXPECT_TRUE(committing.session.finished());
}

TEST(ServerSessionTime, DrainingSays421AtTheNextCommandBoundary) {
  Opened idle;
  idle.read();
  idle.session.drain(at(1));
  EXPECT_EQ(idle.read(), "421 4.3.2 Service shutting down, try again later\r\n");
  Opened busy;
  busy.say(kUpToData);
  busy.session.drain(at(1));
  EXPECT_FALSE(busy.session.finished());
  busy.say("x\r\n.\r\n");
  busy.session.complete_message({250, "2.0.0", "Queued"}, at(2));
  EXPECT_EQ(busy.read(),
            "250 2.0.0 Queued\r\n421 4.3.2 Service shutting down, try again later\r\n");
  EXPECT_TRUE(busy.session.finished());
}

TEST(ServerSessionTime, ARefusedConnectionHearsWhyAndNothingElse) {
  ServerSettings settings{.hostname = "mx.test"};
  ServerSession session;
  session.open_refused(settings, {421, "4.3.2", "Too many connections"}, at(0));
  EXPECT_TRUE(session.finished());
  EXPECT_EQ(as_text(session.output()), "421 4.3.2 Too many connections\r\n");
  EXPECT_EQ(session.receive(as_bytes("EHLO x\r\n"), at(0)), 8u);
}

TEST(ServerSessionTime, APeerThatDoesNotReadIsNotReadEither) {
  Opened opened;
  std::string flood;
  for (int i = 0; i < 1'000; ++i) flood += "NOOP\r\n";
  const std::size_t taken = opened.session.receive(as_bytes(flood), at(0));
  EXPECT_LT(taken, flood.size());
  EXPECT_EQ(opened.session.waiting(), Wait::output_space);
  EXPECT_LE(opened.session.output().size(), 4096u);
  EXPECT_EQ(opened.session.receive(as_bytes(flood), at(0)), 0u);
  opened.read();
  EXPECT_EQ(opened.session.waiting(), Wait::input);
}

TEST(ServerSessionTime, TenThousandRecipientsCostBoundedMemory) {
  Opened opened({.hostname = "mx.test", .recipients_max = 100'000, .envelope_bytes_max = 20'000});
  opened.say("EHLO c\r\nMAIL FROM:<a@example.com>\r\n");
  std::size_t accepted = 0, refused = 0;
  for (int i = 0; i < 10'000; ++i) {
    const std::string reply = opened.say("RCPT TO:<user" + std::to_string(i) + "@example.org>\r\n");
    accepted += reply == "250 2.1.5 Recipient OK\r\n";
    refused += reply == "452 4.5.3 Too many recipients\r\n";
  }
  EXPECT_EQ(accepted + refused, 10'000u);
  EXPECT_EQ(accepted, opened.session.envelope().recipient_count());
  EXPECT_GT(accepted, 500u);
  EXPECT_LE(opened.session.envelope().encoded().size(), 20'000u);
}

TEST(ServerSessionTime, AReopenedSessionRemembersNothing) {
  Opened opened;
  opened.say(kUpToData);
  opened.say("half a line");
  opened.session.connection_lost();
  opened.session.open(opened.settings, opened.handler, {*IpAddress::parse("192.0.2.1"), 25}, at(9));
  EXPECT_EQ(opened.read(), "220 mx.test ESMTP\r\n");
  EXPECT_EQ(opened.say("RCPT TO:<b@example.org>\r\n"), "503 5.5.1 Send MAIL first\r\n");
  EXPECT_EQ(opened.session.helo(), "");
}

TEST(ServerSessionTime, TheGreetingNamesAnIpv6PeerAsALiteral) {
  Opened opened;
  opened.read();
  EXPECT_EQ(opened.say("HELO c\r\n"), "250 mx.test Hello [IPv6:2001:db8::7]\r\n");
}

}  // namespace sluice::smtp
