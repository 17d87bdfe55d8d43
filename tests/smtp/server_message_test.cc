// BDAT dialogues, and smuggling through a whole session.
#include <gtest/gtest.h>

#include "tests/support/smtp_script.h"

namespace sluice::smtp {

namespace {

// A transaction up to its first recipient, for the dialogues below.
const std::string kTransaction = R"(
    S: 220 mx.test ESMTP
    C: HELO c
    S: 250 mx.test Hello [192.0.2.7]
    C: MAIL FROM:<a@example.com>
    H: from a@example.com
    S: 250 2.1.0 Sender OK
    C: RCPT TO:<b@example.org>
    H: rcpt b@example.org
    S: 250 2.1.5 Recipient OK
)";
const std::string kData = R"(
    C: DATA
    H: begin 1
    S: 354 Start mail input; end with <CRLF>.<CRLF>
)";

}  // namespace

TEST(ServerSessionBdat, TakesAMessageInChunks) {
  SmtpScript().run(kTransaction + R"(
    C: BDAT 5
    C~ ab\r\n.
    H: begin 1
    S: 250 2.0.0 5 octets received
    C: BDAT 3
    C~ \r\n\n
    S: 250 2.0.0 3 octets received
    C: BDAT 0 LAST
    H: end ab\r\n.\r\n\n
    S: 250 2.0.0 Queued
    C: BDAT 0 LAST
    S: 503 5.5.1 Send MAIL first
  )");
}

TEST(ServerSessionBdat, WithoutRecipientItsOctetsAreTakenAndDropped) {
  SmtpScript().run(R"(
    S: 220 mx.test ESMTP
    C: HELO c
    S: 250 mx.test Hello [192.0.2.7]
    C: BDAT 6
    C~ QUIT\r\n
    S: 503 5.5.1 Send MAIL first
    C: MAIL FROM:<a@example.com>
    H: from a@example.com
    S: 250 2.1.0 Sender OK
    C: BDAT 6 LAST
    C~ QUIT\r\n
    S: 503 5.5.1 No valid recipients
    C: RCPT TO:<b@example.org>
    H: rcpt b@example.org
    S: 250 2.1.5 Recipient OK
  )");
}

TEST(ServerSessionBdat, DoesNotMixWithDataOrNewRecipients) {
  SmtpScript().run(kTransaction + R"(
    C: BDAT 2
    C~ ab
    H: begin 1
    S: 250 2.0.0 2 octets received
    C: DATA
    S: 503 5.5.1 Message under way by BDAT
    C: RCPT TO:<c@example.org>
    S: 503 5.5.1 Message under way by BDAT
    C: RSET
    H: abort RSET
    S: 250 2.0.0 Resetting
  )");
}

TEST(ServerSessionBdat, CountsTheSizeOverAllChunks) {
  SmtpScript script;
  script.settings.message_size_max = 5;
  script.run(kTransaction + R"(
    C: BDAT 3
    C~ abc
    H: begin 1
    S: 250 2.0.0 3 octets received
    C: BDAT 3
    C~ def
    H: message refused 552
    H: abort message too large
    S: 552 5.3.4 Message size exceeds the limit
    C: BDAT 1 LAST
    C~ g
    S: 503 5.5.1 Send MAIL first
  )");
}

TEST(ServerSessionBdat, ARefusedMessageStillConsumesItsChunk) {
  SmtpScript script;
  script.prototype.begin_refusal = Reply{452, "4.3.1", "No room now"};
  script.run(kTransaction + R"(
    C: BDAT 6 LAST
    C~ QUIT\r\n
    H: begin 1
    S: 452 4.3.1 No room now
    C: NOOP
    S: 250 2.0.0 OK
  )");
}

TEST(ServerSessionBdat, AnUnreadableChunkSizeEndsTheSession) {
  SmtpScript().run(kTransaction + R"(
    C: BDAT many LAST
    S: 501 5.5.4 Syntax: BDAT chunk-size [LAST]
    C: MAIL FROM:<hidden@example.com>
  )");
}

TEST(ServerSession, SmuggledCommandsAreRefusedWithTheirMessage) {
  for (const char* sequence : {"\\n.\\n", "\\n.\\r", "\\r.\\n", "\\r.\\r", "\\n.\\r\\n",
                               "\\r.\\r\\n", "\\r\\n.\\r\\r\\n", "\\r\\r\\n.\\r\\r\\n"})
    SmtpScript().run(kTransaction + kData + "C~ x" + sequence + R"(MAIL FROM:<e@example.com>\r\n
    C: RCPT TO:<f@example.com>
    C: DATA
    C: .
    H: message refused 550
    H: abort bare CR or LF in message
    S: 550 5.5.2 Message contains a bare CR or a bare LF
    C: NOOP
    S: 250 2.0.0 OK
  )");
}

TEST(ServerSession, ANulBehindALineEndSmugglesNothing) {
  SmtpScript().run(kTransaction + kData + R"(
    C~ x\r\n\0.\r\nQUIT\r\n
    C: .
    H: message refused 550
    H: abort NUL in message
    S: 550 5.6.0 Message contains a NUL octet
    C: NOOP
    S: 250 2.0.0 OK
  )");
}

TEST(ServerSession, NormalisedNewlinesMakeOneMessageOfASmugglingAttempt) {
  SmtpScript script;
  script.settings.bare_newline = BareNewlineMode::normalise;
  script.run(kTransaction + kData + R"(
    C~ x\n.\nQUIT\n.\r\n
    C: .
    H: end x\r\n.\r\nQUIT\r\n.\r\n
    S: 250 2.0.0 Queued
  )");
}

TEST(ServerSession, WaitsForSpaceAndGoesOn) {
  SmtpScript script;
  script.prototype.spaces_left = 1;
  script.run(kTransaction + kData + R"(
    C: a long enough line
    C: .
    H: end a long enough line\r\n
    S: 250 2.0.0 Queued
  )");
}

TEST(ServerSession, AFullMessagePassesWhenNoSizeLimitIsSet) {
  SmtpScript script;
  script.settings.message_size_max = 0;
  const std::string line(300, 'x');
  script.run(kTransaction + kData + "C: " + line + "\nC: .\nH: end " + line + "\\r\\n" +
             "\nS: 250 2.0.0 Queued");
}

}  // namespace sluice::smtp
