#include "engine/delivery/bounce.h"

namespace sluice::delivery {
namespace {

using testing::HasSubstr;
using testing::Not;

class Bounce : public testing::Test {
 protected:
  Bounce() {
    original.received = {1'795'310'000LL * 1'000'000'000};
    original.body_size = 5'000;
    original.envelope.set_sender("from@example.org", {.envid = "QQ+2B314"});
    original.envelope.add_recipient({.address = "one@example.com"});
    original.envelope.add_recipient(
        {.address = "two@example.com", .orcpt = "rfc822;Two+2BOld@example.com"});
    failures = {{1, false, "5.1.1", "550 5.1.1 User unknown"}};
    context = {"mx.example.com", "postmaster", &original,
               &failures,        77,           {1'795'310'011LL * 1'000'000'000},
               0xabcdef};
  }
  std::string opening() const { return bounce_opening(context); }

  queueing::QueuedMessage original;
  std::vector<Failure> failures;
  BounceContext context;
};

TEST_F(Bounce, IsAReportToTheSenderThatNobodyAnswers) {
  EXPECT_THAT(opening(), HasSubstr("To: <from@example.org>\r\n"));
  EXPECT_THAT(opening(), HasSubstr("From: Mail Delivery System <postmaster@mx.example.com>\r\n"));
  EXPECT_THAT(opening(), HasSubstr("Auto-Submitted: auto-replied\r\n"));
  EXPECT_THAT(opening(), HasSubstr("Content-Type: multipart/report; report-type=delivery-status;"));
}

TEST_F(Bounce, TellsOfTheFailedRecipientInTheFieldsOfRfc3464) {
  EXPECT_THAT(opening(), HasSubstr("Reporting-MTA: dns; mx.example.com\r\n"
                                   "Original-Envelope-Id: QQ+314\r\n"
                                   "Arrival-Date: Sun, 22 Nov 2026 01:13:20 +0000\r\n"
                                   "\r\n"
                                   "Original-Recipient: rfc822;Two+Old@example.com\r\n"
                                   "Final-Recipient: rfc822;two@example.com\r\n"
                                   "Action: failed\r\n"
                                   "Status: 5.1.1\r\n"
                                   "Diagnostic-Code: smtp; 550 5.1.1 User unknown\r\n"
                                   "Last-Attempt-Date: Sun, 22 Nov 2026 01:13:31 +0000\r\n"));
  EXPECT_THAT(opening(), Not(HasSubstr("one@example.com")));
}

TEST_F(Bounce, OpensAndClosesEveryPartWithTheSameBoundary) {
  const std::string text = opening() + "Subject: x\r\n" + bounce_closing(context);
  const std::string delimiter = "--sluice-77-0000000000abcdef";
  std::size_t parts = 0;
  for (std::size_t at = text.find(delimiter); at != std::string::npos;
       at = text.find(delimiter, at + 1))
    ++parts;
  EXPECT_EQ(parts, 4u);
  EXPECT_THAT(text, testing::EndsWith("\r\n" + delimiter + "--\r\n"));
}

TEST_F(Bounce, ReturnsHeadersUnlessTheWholeMessageWasAskedForAndIsSmall) {
  EXPECT_THAT(opening(), HasSubstr("Content-Type: text/rfc822-headers\r\n\r\n"));
  original.envelope.set_sender("from@example.org", {.ret = mail::DsnReturn::full});
  original.envelope.add_recipient({.address = "one@example.com"});
  failures[0].rid = 0;
  EXPECT_THAT(opening(), HasSubstr("Content-Type: message/rfc822\r\n\r\n"));
  original.body_size = kFullReturnMax + 1;
  EXPECT_THAT(opening(), HasSubstr("Content-Type: text/rfc822-headers\r\n\r\n"));
}

TEST_F(Bounce, AHostileReplyCannotAddFieldsAndLongOnesAreFoldedAndCut) {
  failures[0].diagnostic = "550 5.0.0 a\r\nX-Evil: 1\r\n\r\n\x01\xff" + std::string(3'000, 'x');
  EXPECT_THAT(opening(), Not(HasSubstr("\nX-Evil")));
  std::size_t start = 0;
  const std::string text = opening();
  for (std::size_t end = text.find("\r\n"); end != std::string::npos;
       start = end + 2, end = text.find("\r\n", start))
    ASSERT_LE(end - start, 998u);
  EXPECT_LT(text.size(), 4'000u);
}

TEST_F(Bounce, NotifyDecidesWhoHears) {
  EXPECT_TRUE(wants_failure_notice({.address = "a@b", .notify = 0}));
  EXPECT_TRUE(wants_failure_notice(
      {.address = "a@b", .notify = mail::kNotifyFailure | mail::kNotifyDelay}));
  EXPECT_FALSE(wants_failure_notice({.address = "a@b", .notify = mail::kNotifyNever}));
  EXPECT_FALSE(wants_failure_notice({.address = "a@b", .notify = mail::kNotifySuccess}));
}

TEST(BounceText, TheHeaderEndsAtTheEmptyLineOrTheLastWholeLine) {
  EXPECT_EQ(header_length("A: 1\r\nB: 2\r\n\r\nbody\r\n\r\n"), 12u);
  EXPECT_EQ(header_length("A: 1\r\nB: 2\r\nC: 3"), 12u);
  EXPECT_EQ(header_length("\r\nbody"), 0u);
  EXPECT_EQ(header_length("no line"), 0u);
  EXPECT_EQ(header_length(""), 0u);
}

TEST(BounceText, XtextIsDecodedAndMadeHarmless) {
  EXPECT_EQ(decode_xtext("a+2Bb+3D"), "a+b=");
  EXPECT_EQ(decode_xtext("a+0D+0AX: 1"), "a  X: 1");
  EXPECT_EQ(decode_xtext("a+2"), "a+2");
  EXPECT_EQ(decode_xtext("+zz"), "+zz");
}

}  // namespace
}  // namespace sluice::delivery
