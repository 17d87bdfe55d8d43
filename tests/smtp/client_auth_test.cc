// AUTH (RFC 4954) and LMTP (RFC 2033) seen from the client.
#include <gtest/gtest.h>

#include "tests/support/smtp_client_script.h"

namespace sluice::smtp {
namespace {

// What goes on after AUTH.
const std::string kMessage = R"(
    C: MAIL FROM:<a@example.com>
    S: 451 4.7.1 later
    C: QUIT
)";

std::string hello_with(const std::string& mechanisms) {
  return R"(
    S: 220 mx.test ESMTP
    C: EHLO out.test
    S: 250-mx.test
    S: 250 STARTTLS
    C: STARTTLS
    S: 220 go
    C: EHLO out.test
    S: 250-mx.test
    S: 250 )" +
         mechanisms + "\n";
}

SmtpClientScript known_user() {
  SmtpClientScript script({"b@example.org"});
  script.settings.tls = ClientTls::required;
  script.settings.credentials = {"user", "secret"};
  return script;
}

TEST(ClientAuth, PlainIsOneCommand) {
  known_user().run(hello_with("AUTH LOGIN PLAIN XOAUTH2") + R"(
    C: AUTH PLAIN AHVzZXIAc2VjcmV0
    S: 235 2.7.0 welcome
)" + kMessage,
                   {"deferred 451 4.7.1 later"});
}

TEST(ClientAuth, LoginIsUsedWhereThereIsNoPlain) {
  known_user().run(hello_with("AUTH GSSAPI login") + R"(
    C: AUTH LOGIN
    S: 334 VXNlcm5hbWU6
    C: dXNlcg==
    S: 334 UGFzc3dvcmQ6
    C: c2VjcmV0
    S: 235 2.7.0 welcome
)" + kMessage,
                   {"deferred 451 4.7.1 later"});
}

TEST(ClientAuth, ARefusalEndsTheSessionBeforeAnyMessage) {
  SmtpClientScript script = known_user();
  script.run(hello_with("AUTH PLAIN") + R"(
    C: AUTH PLAIN AHVzZXIAc2VjcmV0
    S: 535 5.7.8 Authentication credentials invalid
)",
             {});
  EXPECT_EQ(script.failure, "535 5.7.8 Authentication credentials invalid");
}

TEST(ClientAuth, APeerThatWantsMoreThanPlainHasIsGivenUp) {
  SmtpClientScript script = known_user();
  script.run(hello_with("AUTH PLAIN") + R"(
    C: AUTH PLAIN AHVzZXIAc2VjcmV0
    S: 334 more
)",
             {});
}

TEST(ClientAuth, APeerWithoutAMechanismOfOursGetsNoMessage) {
  SmtpClientScript script = known_user();
  script.run(hello_with("AUTH GSSAPI"), {});
  EXPECT_NE(script.failure.find("neither AUTH PLAIN nor AUTH LOGIN"), std::string::npos);
}

TEST(ClientAuth, NothingSecretIsSaidInTheClear) {
  for (const ClientTls tls : {ClientTls::never, ClientTls::preferred}) {
    SmtpClientScript script = known_user();
    script.settings.tls = tls;
    script.run(R"(
    S: 220 mx.test ESMTP
    C: EHLO out.test
    S: 250-mx.test
    S: 250 AUTH PLAIN LOGIN
)",
               {});
    EXPECT_NE(script.failure.find("not sent without TLS"), std::string::npos);
  }
}

TEST(ClientAuth, EveryLengthIsCodedWithItsPadding) {
  const std::pair<const char*, const char*> rows[] = {
      {"a", "AHUAYQ=="}, {"ab", "AHUAYWI="}, {"abc", "AHUAYWJj"}, {"\xff\xfe\xfb", "AHUA//77"}};
  for (const auto& [password, coded] : rows) {
    SmtpClientScript script = known_user();
    script.settings.credentials = {"u", password};
    script.run(hello_with("AUTH PLAIN") + "C: AUTH PLAIN " + coded + "\nS: 535 no\n", {});
  }
}

SmtpClientScript local(std::vector<std::string_view> recipients) {
  SmtpClientScript script(std::move(recipients));
  script.settings.lmtp = true;
  return script;
}

const std::string kLhlo = R"(
    S: 220 lmtp.test LMTP
    C: LHLO out.test
    S: 250-lmtp.test
    S: 250-CHUNKING
    S: 250 PIPELINING
)";

TEST(ClientLmtp, EachAcceptedRecipientHasAReplyAfterTheDot) {
  local({"a@x", "b@x", "c@x", "d@x"})
      .run(kLhlo + R"(
    C: MAIL FROM:<a@example.com>
    C: RCPT TO:<a@x>
    C: RCPT TO:<b@x>
    C: RCPT TO:<c@x>
    C: RCPT TO:<d@x>
    C: DATA
    S: 250 ok
    S: 250 ok
    S: 550 5.1.1 no such user
    S: 250 ok
    S: 250 ok
    S: 354 go
    C: Subject: x
    C:
    C: ..dot
    C: .
    S: 250 2.0.0 saved for a
    S: 452 4.2.2 c is over quota
    S: 552 5.2.2 d is full for ever
    C: QUIT
)",
           {"delivered 250 2.0.0 saved for a", "failed 550 5.1.1 no such user",
            "deferred 452 4.2.2 c is over quota", "failed 552 5.2.2 d is full for ever"});
}

TEST(ClientLmtp, AConnectionLostBetweenTheRepliesLeavesTheRestOpen) {
  SmtpClientScript script = local({"a@x", "b@x"});
  script.run(kLhlo + R"(
    C: MAIL FROM:<a@example.com>
    C: RCPT TO:<a@x>
    C: RCPT TO:<b@x>
    C: DATA
    S: 250 ok
    S: 250 ok
    S: 250 ok
    S: 354 go
    C: Subject: x
    C:
    C: ..dot
    C: .
    S: 250 2.0.0 saved for a
)",
             {"delivered 250 2.0.0 saved for a", "deferred connection lost: end of script"});
}

TEST(ClientLmtp, ThereIsNoHelo) {
  SmtpClientScript script = local({"a@x"});
  script.run(R"(
    S: 220 mx.test ESMTP
    C: LHLO out.test
    S: 500 5.5.1 this is SMTP
)",
             {});
  EXPECT_EQ(script.failure, "500 5.5.1 this is SMTP");
}

TEST(ClientLmtp, AMessageThatNobodyTakesIsNotEndedWithADot) {
  local({"a@x"}).run(kLhlo + R"(
    C: MAIL FROM:<a@example.com>
    C: RCPT TO:<a@x>
    C: DATA
    S: 250 ok
    S: 550 5.1.1 no
    S: 354 go all the same
)",
                     {"failed 550 5.1.1 no"});
}

}  // namespace
}  // namespace sluice::smtp
