// STARTTLS: what is offered, what is forgotten, and what nobody may slip in.
#include <gtest/gtest.h>

#include "tests/support/smtp_script.h"

namespace sluice::smtp {
namespace {

using testing::HasSubstr;
using testing::Not;

class ServerSessionTls : public testing::Test {
 protected:
  void open(TlsLevel level) {
    settings.hostname = "mx.test";
    settings.tls = level;
    session.open(settings, handler, {IpAddress::from_v4(0xc0000207), 40'000}, now);
  }
  // The replies to `lines`, which arrive at once.
  std::string say(std::string_view lines) {
    session.receive(as_bytes(lines), now);
    std::string out(as_text(session.output()));
    session.output_sent(out.size());
    return out;
  }
  std::string start_tls() {
    session.tls_started(now);
    return say("");
  }

  ServerSettings settings;
  RecordingHandler handler;
  ServerSession session;
  Instant now{};
};

TEST_F(ServerSessionTls, IsOfferedUntilItIsOn) {
  open(TlsLevel::preferred);
  EXPECT_THAT(say("EHLO c\r\n"), HasSubstr("\r\n250-STARTTLS\r\n"));
  EXPECT_EQ(say("STARTTLS\r\n"), "220 Go ahead with TLS\r\n");
  EXPECT_EQ(session.waiting(), Wait::tls);
  EXPECT_EQ(start_tls(), "");
  EXPECT_TRUE(session.encrypted());
  EXPECT_THAT(say("EHLO c\r\n"), Not(HasSubstr("STARTTLS")));
  EXPECT_EQ(say("STARTTLS\r\n"), "503 5.5.1 TLS is on already\r\n");
}

TEST_F(ServerSessionTls, RequiretlsIsOfferedAndTakenInsideTlsOnly) {
  open(TlsLevel::preferred);
  EXPECT_THAT(say("EHLO c\r\n"), Not(HasSubstr("REQUIRETLS")));
  EXPECT_THAT(say("MAIL FROM:<a@example.org> REQUIRETLS\r\n"), HasSubstr("550 5.7.10 "));
  say("STARTTLS\r\n");
  start_tls();
  EXPECT_THAT(say("EHLO c\r\n"), HasSubstr("\r\n250-REQUIRETLS\r\n"));
  EXPECT_THAT(say("MAIL FROM:<a@example.org> REQUIRETLS=1\r\n"), HasSubstr("501 5.5.4 "));
  EXPECT_THAT(say("MAIL FROM:<a@example.org> requiretls\r\n"), HasSubstr("250 "));
  EXPECT_TRUE(session.envelope().parameters().requiretls);
}

TEST_F(ServerSessionTls, WhatFollowsStartTlsInTheClearIsDropped) {
  open(TlsLevel::preferred);
  say("EHLO c\r\n");
  EXPECT_EQ(say("STARTTLS\r\nMAIL FROM:<evil@example.org>\r\n"), "220 Go ahead with TLS\r\n");
  EXPECT_EQ(say("RCPT TO:<evil@example.org>\r\n"), "");
  EXPECT_EQ(start_tls(), "");
  EXPECT_TRUE(handler.effects.empty());
}

TEST_F(ServerSessionTls, APieceOfALineInTheClearIsNoPartOfTheNextOne) {
  open(TlsLevel::preferred);
  say("STARTTLS\r\nRS");
  start_tls();
  EXPECT_EQ(say("ET\r\n"), "500 5.5.1 Command not recognized\r\n");
}

TEST_F(ServerSessionTls, NothingThatWasLearnedInTheClearCounts) {
  open(TlsLevel::preferred);
  say("EHLO c\r\nMAIL FROM:<a@example.org>\r\n");
  EXPECT_EQ(say("STARTTLS\r\n"), "220 Go ahead with TLS\r\n");
  start_tls();
  EXPECT_EQ(say("RCPT TO:<b@example.com>\r\n"), "503 5.5.1 Send MAIL first\r\n");
  EXPECT_EQ(say("MAIL FROM:<a@example.org>\r\n"), "503 5.5.1 Send EHLO or HELO first\r\n");
}

TEST_F(ServerSessionTls, WhereItIsOffTheCommandIsUnknown) {
  open(TlsLevel::off);
  EXPECT_THAT(say("EHLO c\r\n"), Not(HasSubstr("STARTTLS")));
  EXPECT_EQ(say("STARTTLS\r\n"), "502 5.5.1 Command not implemented\r\n");
}

TEST_F(ServerSessionTls, TheHouseMayRefuseAndTheSessionGoesOnInTheClear) {
  open(TlsLevel::preferred);
  handler.starttls_refusal = Reply{454, "4.7.0", "Too many"};
  say("EHLO c\r\n");
  EXPECT_EQ(say("STARTTLS\r\n"), "454 4.7.0 Too many\r\n");
  EXPECT_EQ(session.waiting(), Wait::input);
  handler.starttls_refusal.reset();
  EXPECT_EQ(say("STARTTLS\r\n"), "220 Go ahead with TLS\r\n");
}

// Wherever STARTTLS is a command it ends the transaction, and what was learned is forgotten.
TEST_F(ServerSessionTls, InEveryStateWhereCommandsAreTakenItStartsAfresh) {
  const std::string sender = "EHLO c\r\nMAIL FROM:<a@example.org>\r\n";
  const std::string recipient = sender + "RCPT TO:<b@example.com>\r\n";
  const struct {
    std::string before;
    bool message_under_way;
  } states[] = {{"", false},
                {"HELO c\r\n", false},
                {"EHLO c\r\n", false},
                {"EHLO c\r\nNONSENSE\r\n", false},
                {sender, false},
                {recipient, false},
                {recipient + "BDAT 5\r\nhello", true},
                {recipient + "RSET\r\n", false}};
  for (const auto& state : states) {
    SCOPED_TRACE(state.before);
    open(TlsLevel::preferred);
    say(state.before);
    handler.effects.clear();
    EXPECT_EQ(say("STARTTLS\r\nRCPT TO:<evil@example.org>\r\n"), "220 Go ahead with TLS\r\n");
    EXPECT_EQ(handler.effects.size(), state.message_under_way ? 1u : 0u);
    EXPECT_EQ(start_tls(), "");
    EXPECT_EQ(say("MAIL FROM:<a@example.org>\r\n"), "503 5.5.1 Send EHLO or HELO first\r\n");
    say("EHLO c\r\n");
    EXPECT_EQ(say("DATA\r\n"), "503 5.5.1 Send MAIL first\r\n");
  }
}

TEST_F(ServerSessionTls, InsideAMessageItIsText) {
  const std::string begin = "EHLO c\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.com>\r\n";
  for (const std::string command : {"DATA\r\n", "BDAT 20\r\n"}) {
    open(TlsLevel::preferred);
    say(begin + command);
    EXPECT_EQ(say("STARTTLS\r\n"), "");
    EXPECT_EQ(session.waiting(), Wait::input);
    EXPECT_FALSE(session.encrypted());
  }
}

TEST_F(ServerSessionTls, BehindAMessageItWaitsForTheAnswerToThat) {
  open(TlsLevel::preferred);
  say("EHLO c\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n");
  EXPECT_EQ(say("Subject: s\r\n\r\n.\r\n"), "");
  EXPECT_EQ(say("STARTTLS\r\n"), "");
  EXPECT_NE(session.waiting(), Wait::tls);
  session.complete_message({250, "2.0.0", "ok"}, now);
  EXPECT_EQ(say("STARTTLS\r\n"), "250 2.0.0 ok\r\n220 Go ahead with TLS\r\n");
}

TEST_F(ServerSessionTls, TakesNoParameter) {
  open(TlsLevel::preferred);
  say("EHLO c\r\n");
  EXPECT_EQ(say("STARTTLS now\r\n"), "501 5.5.4 Syntax: STARTTLS\r\n");
}

TEST_F(ServerSessionTls, WhereItIsRequiredNoMailComesInTheClear) {
  open(TlsLevel::required);
  say("EHLO c\r\n");
  constexpr const char* kRefusal = "530 5.7.0 Must issue a STARTTLS command first\r\n";
  EXPECT_EQ(say("MAIL FROM:<a@example.org>\r\n"), kRefusal);
  EXPECT_EQ(say("VRFY a\r\n"), kRefusal);
  EXPECT_EQ(say("NOOP\r\n"), "250 2.0.0 OK\r\n");
  EXPECT_EQ(say("STARTTLS\r\n"), "220 Go ahead with TLS\r\n");
  start_tls();
  say("EHLO c\r\n");
  EXPECT_EQ(say("MAIL FROM:<a@example.org>\r\n"), "250 2.1.0 Sender OK\r\n");
}

TEST_F(ServerSessionTls, AnImplicitListenerGreetsInsideTls) {
  open(TlsLevel::implicit);
  EXPECT_EQ(say(""), "");
  EXPECT_EQ(session.waiting(), Wait::tls);
  EXPECT_EQ(start_tls(), "220 mx.test ESMTP\r\n");
  EXPECT_THAT(say("EHLO c\r\n"), Not(HasSubstr("STARTTLS")));
}

TEST_F(ServerSessionTls, AHandshakeThatTakesTooLongEndsTheSession) {
  open(TlsLevel::implicit);
  now = now + settings.handshake_timeout;
  session.on_deadline(now);
  EXPECT_TRUE(session.finished());
}

}  // namespace
}  // namespace sluice::smtp
