#include "engine/delivery/dsn.h"

namespace sluice::delivery {
namespace {

using testing::HasSubstr;
using testing::Not;

class Dsn : public testing::Test {
 protected:
  Dsn() {
    original.received = {1'795'310'000LL * 1'000'000'000};
    original.body_size = 5'000;
    original.envelope.set_sender("from@example.org", {.envid = "QQ+2B314"});
    original.envelope.add_recipient({.address = "one@example.com"});
    original.envelope.add_recipient(
        {.address = "two@example.com", .orcpt = "rfc822;Two+2BOld@example.com"});
    notices = {{.rid = 1,
                .status = "5.1.1",
                .diagnostic = "550 5.1.1 User unknown",
                .remote = "192.0.2.1"}};
    context = {"mx.example.com", "postmaster", &original,
               &notices,         77,           {1'795'310'011LL * 1'000'000'000},
               0xabcdef,         1024 * 1024};
  }
  std::string opening() const { return dsn_opening(context); }

  queueing::QueuedMessage original;
  std::vector<Notice> notices;
  DsnContext context;
};

TEST_F(Dsn, IsAReportToTheSenderThatNobodyAnswers) {
  EXPECT_THAT(opening(), HasSubstr("To: <from@example.org>\r\n"));
  EXPECT_THAT(opening(), HasSubstr("From: Mail Delivery System <postmaster@mx.example.com>\r\n"));
  EXPECT_THAT(opening(), HasSubstr("Auto-Submitted: auto-replied\r\n"));
  EXPECT_THAT(opening(), HasSubstr("Content-Type: multipart/report; report-type=delivery-status;"));
}

TEST_F(Dsn, TellsOfTheFailedRecipientInTheFieldsOfRfc3464) {
  EXPECT_THAT(opening(), HasSubstr("Reporting-MTA: dns; mx.example.com\r\n"
                                   "Original-Envelope-Id: QQ+314\r\n"
                                   "Arrival-Date: Sun, 22 Nov 2026 01:13:20 +0000\r\n"
                                   "\r\n"
                                   "Original-Recipient: rfc822;Two+Old@example.com\r\n"
                                   "Final-Recipient: rfc822;two@example.com\r\n"
                                   "Action: failed\r\n"
                                   "Status: 5.1.1\r\n"
                                   "Remote-MTA: dns; [192.0.2.1]\r\n"
                                   "Diagnostic-Code: smtp; 550 5.1.1 User unknown\r\n"
                                   "Last-Attempt-Date: Sun, 22 Nov 2026 01:13:31 +0000\r\n"));
  EXPECT_THAT(opening(), Not(HasSubstr("one@example.com")));
}

TEST_F(Dsn, OpensAndClosesEveryPartWithTheSameBoundary) {
  const std::string text = opening() + "Subject: x\r\n" + dsn_closing(context);
  const std::string delimiter = "--sluice-77-0000000000abcdef";
  std::size_t parts = 0;
  for (std::size_t at = text.find(delimiter); at != std::string::npos;
       at = text.find(delimiter, at + 1))
    ++parts;
  EXPECT_EQ(parts, 4u);
  EXPECT_THAT(text, testing::EndsWith("\r\n" + delimiter + "--\r\n"));
}

TEST_F(Dsn, ReturnsHeadersUnlessTheWholeMessageWasAskedForAndIsSmall) {
  EXPECT_THAT(opening(), HasSubstr("Content-Type: text/rfc822-headers\r\n\r\n"));
  original.envelope.set_sender("from@example.org", {.ret = mail::DsnReturn::full});
  original.envelope.add_recipient({.address = "one@example.com"});
  notices[0].rid = 0;
  EXPECT_THAT(opening(), HasSubstr("Content-Type: message/rfc822\r\n\r\n"));
  original.body_size = context.return_max + 1;
  EXPECT_THAT(opening(), HasSubstr("Content-Type: text/rfc822-headers\r\n\r\n"));
}

TEST_F(Dsn, AHostileReplyCannotAddFieldsAndLongOnesAreFoldedAndCut) {
  notices[0].diagnostic = "550 5.0.0 a\r\nX-Evil: 1\r\n\r\n\x01\xff" + std::string(3'000, 'x');
  EXPECT_THAT(opening(), Not(HasSubstr("\nX-Evil")));
  std::size_t start = 0;
  const std::string text = opening();
  for (std::size_t end = text.find("\r\n"); end != std::string::npos;
       start = end + 2, end = text.find("\r\n", start))
    ASSERT_LE(end - start, 998u);
  EXPECT_LT(text.size(), 4'000u);
}

TEST_F(Dsn, ADelayOrASuccessReturnsNoBodyAndSaysWhatItIs) {
  original.envelope.set_sender("from@example.org", {.ret = mail::DsnReturn::full});
  original.envelope.add_recipient({.address = "one@example.com"});
  notices = {{.rid = 0,
              .action = DsnAction::delayed,
              .status = "4.4.1",
              .diagnostic = "192.0.2.1:25: connection refused",
              .until = {1'795'742'000LL * 1'000'000'000}}};
  EXPECT_THAT(opening(), HasSubstr("Subject: Delayed mail"));
  EXPECT_THAT(opening(),
              HasSubstr("Action: delayed\r\nStatus: 4.4.1\r\n"
                        "Diagnostic-Code: x-sluice; 192.0.2.1:25: connection refused\r\n"));
  EXPECT_THAT(opening(), HasSubstr("Will-Retry-Until: Fri, 27 Nov 2026 01:13:20 +0000\r\n"));
  EXPECT_THAT(opening(), HasSubstr("Content-Type: text/rfc822-headers\r\n"));
  notices[0] = {.rid = 0,
                .action = DsnAction::relayed,
                .status = "2.0.0",
                .diagnostic = "250 2.0.0 queued",
                .remote = "192.0.2.1"};
  EXPECT_THAT(opening(), HasSubstr("Subject: Successful mail delivery report\r\n"));
  EXPECT_THAT(opening(), HasSubstr("Action: relayed\r\nStatus: 2.0.0\r\n"));
  EXPECT_THAT(opening(), HasSubstr("Diagnostic-Code: smtp; 250 2.0.0 queued\r\n"));
  EXPECT_THAT(opening(), HasSubstr("Content-Type: text/rfc822-headers\r\n"));
}

TEST_F(Dsn, ARecipientInUtf8MakesAReportOfRfc6533) {
  original.envelope.set_sender("from@example.org", {.smtputf8 = true});
  original.envelope.add_recipient({.address = "j\xc3\xbcrgen@example.com"});
  notices[0].rid = 0;
  EXPECT_THAT(opening(), HasSubstr("Content-Type: message/global-delivery-status\r\n"));
  EXPECT_THAT(opening(), HasSubstr("Final-Recipient: utf-8;j\xc3\xbcrgen@example.com\r\n"));
  EXPECT_THAT(opening(), HasSubstr("Content-Type: message/global-headers\r\n"));
}

TEST_F(Dsn, AFailureLeadsWhateverElseIsReported) {
  const Notice failed{.action = DsnAction::failed};
  const Notice delayed{.action = DsnAction::delayed};
  const Notice relayed{.action = DsnAction::relayed};
  EXPECT_EQ(leading_action({relayed, delayed, failed}), DsnAction::failed);
  EXPECT_EQ(leading_action({relayed, delayed}), DsnAction::delayed);
  EXPECT_EQ(leading_action({relayed}), DsnAction::relayed);
}

TEST_F(Dsn, NotifyDecidesWhoHears) {
  const struct {
    int notify;
    bool failed, delayed, relayed;
  } rows[] = {{0, true, true, false},
              {mail::kNotifyNever, false, false, false},
              {mail::kNotifySuccess, false, false, true},
              {mail::kNotifyFailure, true, false, false},
              {mail::kNotifyDelay, false, true, false},
              {mail::kNotifyFailure | mail::kNotifyDelay, true, true, false}};
  for (const auto& row : rows) {
    const mail::Recipient recipient{.address = "a@b",
                                    .notify = static_cast<std::uint8_t>(row.notify)};
    EXPECT_EQ(wants_notice(recipient, DsnAction::failed), row.failed) << row.notify;
    EXPECT_EQ(wants_notice(recipient, DsnAction::delayed), row.delayed) << row.notify;
    EXPECT_EQ(wants_notice(recipient, DsnAction::relayed), row.relayed) << row.notify;
    EXPECT_EQ(wants_notice(recipient, DsnAction::delivered), row.relayed) << row.notify;
  }
}

TEST(DsnText, TheHeaderEndsAtTheEmptyLineOrTheLastWholeLine) {
  EXPECT_EQ(header_length("A: 1\r\nB: 2\r\n\r\nbody\r\n\r\n"), 12u);
  EXPECT_EQ(header_length("A: 1\r\nB: 2\r\nC: 3"), 12u);
  EXPECT_EQ(header_length("\r\nbody"), 0u);
  EXPECT_EQ(header_length("no line"), 0u);
  EXPECT_EQ(header_length(""), 0u);
}

TEST(DsnText, XtextIsDecodedAndMadeHarmless) {
  EXPECT_EQ(decode_xtext("a+2Bb+3D"), "a+b=");
  EXPECT_EQ(decode_xtext("a+0D+0AX: 1"), "a  X: 1");
  EXPECT_EQ(decode_xtext("a+2"), "a+2");
  EXPECT_EQ(decode_xtext("+zz"), "+zz");
}

}  // namespace
}  // namespace sluice::delivery
