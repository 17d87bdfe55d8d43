// STARTTLS seen from the client: which replies lead to TLS, to clear text, to nothing.
#include <gtest/gtest.h>

#include "tests/support/smtp_client_script.h"

namespace sluice::smtp {
namespace {

const std::string kOffered = R"(
    S: 220 mx.test ESMTP
    C: EHLO out.test
    S: 250-mx.test
    S: 250-CHUNKING
    S: 250-PIPELINING
    S: 250 STARTTLS
    C: STARTTLS
)";
const std::string kEhloInside = R"(
    C: EHLO out.test
    S: 250 mx.test
)";
// What a client says that goes on with its message, in the clear or not.
const std::string kMessage = R"(
    C: MAIL FROM:<a@example.com>
    S: 451 4.7.1 later
    C: QUIT
)";

SmtpClientScript script_of(ClientTls tls) {
  SmtpClientScript script({"b@example.org"});
  script.settings.tls = tls;
  return script;
}

TEST(ClientTls, AfterThe220ItSaysEhloAgainAndForgetsWhatWasSaidInTheClear) {
  for (ClientTls tls : {ClientTls::preferred, ClientTls::required}) {
    SmtpClientScript script = script_of(tls);
    script.run(kOffered + "S: 220 go\n" + kEhloInside + kMessage, {"deferred 451 4.7.1 later"});
    EXPECT_EQ(script.tls_trouble, TlsTrouble::none);
  }
}

TEST(ClientTls, InsideTlsStarttlsIsNotUsedAgain) {
  script_of(ClientTls::required)
      .run(kOffered + R"(
    S: 220 go
    C: EHLO out.test
    S: 250-mx.test
    S: 250 STARTTLS
)" + kMessage,
           {"deferred 451 4.7.1 later"});
}

TEST(ClientTls, RepliesSlippedInBehindThe220AreNotRead) {
  SmtpClientScript script = script_of(ClientTls::preferred);
  script.run(kOffered + R"(
    S: 220 go
    S: 250-mx.test
    S: 250 8BITMIME
)" + kEhloInside +
                 kMessage,
             {"deferred 451 4.7.1 later"});
}

TEST(ClientTls, NeverAsksWhenItNeedNot) {
  script_of(ClientTls::never)
      .run(R"(
    S: 220 mx.test ESMTP
    C: EHLO out.test
    S: 250-mx.test
    S: 250 STARTTLS
)" + kMessage,
           {"deferred 451 4.7.1 later"});
}

TEST(ClientTls, PreferredGoesOnInTheClearBeforeThe220) {
  const std::string ehlo = "S: 220 mx.test\nC: EHLO out.test\n";
  const struct {
    std::string dialogue;
    TlsTrouble trouble;
  } rows[] = {
      {ehlo + "S: 502 what\nC: HELO out.test\nS: 250 mx.test\n", TlsTrouble::no_ehlo},
      {ehlo + "S: 250 mx.test\n", TlsTrouble::not_offered},
      {ehlo + "S: 250-mx.test\nS: 250 STARTTLS\nC: STARTTLS\nS: 454 not now\n",
       TlsTrouble::refused},
  };
  for (const auto& row : rows) {
    SmtpClientScript script = script_of(ClientTls::preferred);
    script.run(row.dialogue + kMessage, {"deferred 451 4.7.1 later"});
    EXPECT_EQ(script.tls_trouble, row.trouble);
  }
}

TEST(ClientTls, RequiredGivesUpAndSaysWhichOfTheThreeItWas) {
  const std::string ehlo = "S: 220 mx.test\nC: EHLO out.test\n";
  const struct {
    std::string dialogue;
    TlsTrouble trouble;
    std::string failure;
  } rows[] = {
      {ehlo + "S: 502 what", TlsTrouble::no_ehlo, "502 what"},
      {ehlo + "S: 250 mx.test", TlsTrouble::not_offered,
       "STARTTLS is not in the list of the peer's EHLO"},
      {ehlo + "S: 250-mx.test\nS: 250 STARTTLS\nC: STARTTLS\nS: 454 not now", TlsTrouble::refused,
       "454 not now"},
  };
  for (const auto& row : rows) {
    SmtpClientScript script = script_of(ClientTls::required);
    script.run(row.dialogue, {});
    EXPECT_EQ(script.tls_trouble, row.trouble);
    EXPECT_EQ(script.failure, row.failure);
  }
}

TEST(ClientTls, AHandshakeThatBreaksEndsTheSessionAtEveryLevel) {
  for (ClientTls tls : {ClientTls::preferred, ClientTls::required}) {
    SmtpClientScript script = script_of(tls);
    script.tls_works = false;
    script.run(kOffered + "S: 220 go\n", {});
    EXPECT_EQ(script.failure, "broken");
    EXPECT_EQ(script.tls_trouble, TlsTrouble::failed);
  }
}

TEST(ClientTls, ImplicitTlsComesBeforeTheGreeting) {
  ClientSession session;
  session.open({.hostname = "out.test", .tls = ClientTls::implicit}, Instant{});
  EXPECT_TRUE(session.wants_tls());
  EXPECT_EQ(session.receive(as_bytes("220 in the clear\r\n"), Instant{}), 0u);
  session.tls_started(Instant{});
  session.receive(as_bytes("220 mx.test\r\n"), Instant{});
  EXPECT_EQ(as_text(session.output()), "EHLO out.test\r\n");
  session.output_sent(session.output().size());
  session.receive(as_bytes("250-mx.test\r\n250 STARTTLS\r\n"), Instant{});
  EXPECT_TRUE(session.ready());
}

TEST(ClientTls, AHandshakeThatNeverEndsTimesOut) {
  ClientSession session;
  session.open({.hostname = "out.test", .tls = ClientTls::implicit}, Instant{});
  session.on_deadline(session.deadline());
  EXPECT_EQ(session.failure(), "timed out waiting for the TLS handshake");
  EXPECT_EQ(session.tls_trouble(), TlsTrouble::failed);
}

}  // namespace
}  // namespace sluice::smtp
