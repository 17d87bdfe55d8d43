// Dialogues: what the server answers, and what it tells the house.
#include <gtest/gtest.h>

#include "tests/support/smtp_script.h"

namespace sluice::smtp {

TEST(ServerSession, TakesOneMessage) {
  SmtpScript().run(R"(
    S: 220 mx.test ESMTP
    C: EHLO client.test
    S: 250-mx.test Hello [192.0.2.7]
    S: 250-SIZE 100
    S: 250-PIPELINING
    S: 250-8BITMIME
    S: 250-ENHANCEDSTATUSCODES
    S: 250-SMTPUTF8
    S: 250-CHUNKING
    S: 250-DSN
    S: 250 LIMITS MAILMAX=9 RCPTMAX=3
    C: MAIL FROM:<a@example.com> SIZE=20 BODY=8BITMIME RET=HDRS ENVID=x
    H: from a@example.com
    S: 250 2.1.0 Sender OK
    C: RCPT TO:<b@example.org> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;b@example.org
    H: rcpt b@example.org
    S: 250 2.1.5 Recipient OK
    C: DATA
    H: begin 1
    S: 354 Start mail input; end with <CRLF>.<CRLF>
    C: Subject: x
    C: 
    C: ..dot
    C: .
    H: end Subject: x\r\n\r\n.dot\r\n
    S: 250 2.0.0 Queued
    C: QUIT
    S: 221 2.0.0 Service closing transmission channel
  )");
}

TEST(ServerSession, HeloGetsOneLineAndStartsOver) {
  SmtpScript().run(R"(
    S: 220 mx.test ESMTP
    C: helo client.test
    S: 250 mx.test Hello [192.0.2.7]
    C: mail from:<>
    H: from 
    S: 250 2.1.0 Sender OK
    C: HELO client.test
    S: 250 mx.test Hello [192.0.2.7]
    C: RCPT TO:<b@example.org>
    S: 503 5.5.1 Send MAIL first
  )");
}

TEST(ServerSession, AnswersCommandsOutOfOrderWith503) {
  SmtpScript().run(R"(
    S: 220 mx.test ESMTP
    C: MAIL FROM:<a@example.com>
    S: 503 5.5.1 Send EHLO or HELO first
    C: HELO c
    S: 250 mx.test Hello [192.0.2.7]
    C: RCPT TO:<b@example.org>
    S: 503 5.5.1 Send MAIL first
    C: DATA
    S: 503 5.5.1 Send MAIL first
    C: MAIL FROM:<a@example.com>
    H: from a@example.com
    S: 250 2.1.0 Sender OK
    C: MAIL FROM:<a@example.com>
    S: 503 5.5.1 Sender already given
    C: DATA
    S: 503 5.5.1 No valid recipients
    C: RSET
    S: 250 2.0.0 Resetting
    C: DATA
    S: 503 5.5.1 Send MAIL first
  )");
}

TEST(ServerSession, SyntaxProblemsCarryTheGrammar) {
  SmtpScript().run(R"(
    S: 220 mx.test ESMTP
    C: EHLO
    S: 501 5.5.4 Syntax: EHLO hostname
    C: MAIL a@example.com
    S: 501 5.5.4 Syntax: MAIL FROM:<reverse-path> [parameters]
    C: MAIL FROM:<a@>
    S: 501 5.1.7 bad address syntax
    C: RCPT b@example.org
    S: 501 5.5.4 Syntax: RCPT TO:<forward-path> [parameters]
    C: RCPT TO:<b
    S: 501 5.1.3 bad address syntax
    C: DATA now
    S: 501 5.5.4 Syntax: DATA
    C: VRFY
    S: 501 5.5.4 Syntax: VRFY address
    C: BOGUS
    S: 500 5.5.1 Command not recognized
  )");
}

TEST(ServerSession, SmallCommandsHaveTheirFixedAnswers) {
  SmtpScript().run(R"(
    S: 220 mx.test ESMTP
    C: NOOP anything
    S: 250 2.0.0 OK
    C: HELP
    S: 214 2.0.0 EHLO HELO MAIL RCPT DATA BDAT RSET NOOP HELP QUIT VRFY
    C: VRFY postmaster
    S: 252 2.5.1 Cannot verify, but will take mail and try to deliver it
    C: EXPN list
    S: 502 5.5.1 Command not implemented
    C: ETRN example.org
    S: 502 5.5.1 Command not implemented
    C: RSET
    S: 250 2.0.0 Resetting
  )");
}

TEST(ServerSession, GarbageInACommandIsAnsweredAndTheSessionGoesOn) {
  SmtpScript().run(R"(
    S: 220 mx.test ESMTP
    C: NOOP \xff\xfe
    S: 501 5.5.2 Command is not UTF-8
    C: NO\0OP
    S: 501 5.5.2 NUL octet in command
    C~ NOOP\n
    S: 500 5.5.2 Command lines end with CRLF
    C~ NOOP\rQUIT\r\n
    S: 500 5.5.2 Command lines end with CRLF
    C: NOOP
    S: 250 2.0.0 OK
  )");
}

TEST(ServerSession, AddressesBeyondAsciiNeedSmtpUtf8) {
  SmtpScript().run(R"(
    S: 220 mx.test ESMTP
    C: HELO c
    S: 250 mx.test Hello [192.0.2.7]
    C: MAIL FROM:<андрис@example.com>
    S: 553 5.6.7 Address needs SMTPUTF8
    C: MAIL FROM:<a@example.com>
    H: from a@example.com
    S: 250 2.1.0 Sender OK
    C: RCPT TO:<андрис@example.com>
    H: refused андрис@example.com 553
    S: 553 5.6.7 Address needs SMTPUTF8
    C: RSET
    S: 250 2.0.0 Resetting
    C: MAIL FROM:<андрис@example.com> SMTPUTF8
    H: from андрис@example.com
    S: 250 2.1.0 Sender OK
    C: RCPT TO:<андрис@example.com>
    H: rcpt андрис@example.com
    S: 250 2.1.5 Recipient OK
  )");
}

TEST(ServerSession, RefusalsOfTheHouseArePassedOn) {
  SmtpScript script;
  script.prototype.begin_refusal = Reply{452, "4.3.1", "No room now"};
  script.run(R"(
    S: 220 mx.test ESMTP
    C: HELO c
    S: 250 mx.test Hello [192.0.2.7]
    C: MAIL FROM:<refuse@example.com>
    H: from refuse@example.com
    S: 550 5.7.1 No
    C: MAIL FROM:<a@example.com>
    H: from a@example.com
    S: 250 2.1.0 Sender OK
    C: RCPT TO:<refuse@example.org>
    H: refused refuse@example.org 550
    S: 550 5.1.1 User unknown
    C: RCPT TO:<b@example.org>
    H: rcpt b@example.org
    S: 250 2.1.5 Recipient OK
    C: DATA
    H: begin 1
    S: 452 4.3.1 No room now
    C: NOOP
    S: 250 2.0.0 OK
  )");
}

TEST(ServerSession, AMessageBeyondTheSizeIsReadToItsEndAndRefused) {
  SmtpScript script;
  script.settings.message_size_max = 10;
  script.run(R"(
    S: 220 mx.test ESMTP
    C: HELO c
    S: 250 mx.test Hello [192.0.2.7]
    C: MAIL FROM:<a@example.com> SIZE=11
    S: 552 5.3.4 Message size exceeds the limit
    C: MAIL FROM:<a@example.com> SIZE=10
    H: from a@example.com
    S: 250 2.1.0 Sender OK
    C: RCPT TO:<b@example.org>
    H: rcpt b@example.org
    S: 250 2.1.5 Recipient OK
    C: DATA
    H: begin 1
    S: 354 Start mail input; end with <CRLF>.<CRLF>
    C: 123456789
    C: QUIT
    C: ..
    C: .
    H: message refused 552
    H: abort message too large
    S: 552 5.3.4 Message size exceeds the limit
    C: NOOP
    S: 250 2.0.0 OK
  )");
}

TEST(ServerSession, RecipientsBeyondTheLimitAreTemporarilyRefused) {
  SmtpScript script;
  script.settings.recipients_max = 2;
  script.run(R"(
    S: 220 mx.test ESMTP
    C: HELO c
    S: 250 mx.test Hello [192.0.2.7]
    C: MAIL FROM:<a@example.com>
    H: from a@example.com
    S: 250 2.1.0 Sender OK
    C: RCPT TO:<b@example.org>
    H: rcpt b@example.org
    S: 250 2.1.5 Recipient OK
    C: RCPT TO:<c@example.org>
    H: rcpt c@example.org
    S: 250 2.1.5 Recipient OK
    C: RCPT TO:<d@example.org>
    H: refused d@example.org 452
    S: 452 4.5.3 Too many recipients
    C: DATA
    H: begin 2
    S: 354 Start mail input; end with <CRLF>.<CRLF>
    C: .
    H: end 
    S: 250 2.0.0 Queued
  )");
}

TEST(ServerSession, TooManyErrorsCloseTheSession) {
  SmtpScript script;
  script.settings.errors_max = 2;
  script.run(R"(
    S: 220 mx.test ESMTP
    C: GET / HTTP/1.1
    S: 500 5.5.1 Command not recognized
    C: Host: mx.test
    S: 500 5.5.1 Command not recognized
    S: 421 4.7.0 Too many errors
    C: NOOP
  )");
}

TEST(ServerSession, TooManyMessagesCloseTheSession) {
  SmtpScript script;
  script.settings.messages_max = 1;
  script.run(R"(
    S: 220 mx.test ESMTP
    C: HELO c
    S: 250 mx.test Hello [192.0.2.7]
    C: MAIL FROM:<a@example.com>
    H: from a@example.com
    S: 250 2.1.0 Sender OK
    C: RSET
    S: 250 2.0.0 Resetting
    C: MAIL FROM:<a@example.com>
    S: 421 4.7.0 Too many messages in this session
  )");
}

TEST(ServerSession, AHalfClosedPeerGetsItsAnswers) {
  SmtpScript().run(R"(
    S: 220 mx.test ESMTP
    C: HELO c
    S: 250 mx.test Hello [192.0.2.7]
    C: MAIL FROM:<a@example.com>
    H: from a@example.com
    S: 250 2.1.0 Sender OK
    C: RCPT TO:<b@example.org>
    H: rcpt b@example.org
    S: 250 2.1.5 Recipient OK
    C: DATA
    H: begin 1
    S: 354 Start mail input; end with <CRLF>.<CRLF>
    C: x
    F:
    H: abort connection closed by peer
  )");
}

}  // namespace sluice::smtp
