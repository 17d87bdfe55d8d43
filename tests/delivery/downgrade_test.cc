#include "engine/delivery/downgrade.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/delivery/delivery_world.h"

namespace sluice::delivery {
namespace {

using testing::HasSubstr;

// The converted text, or the fault; the same however it is cut.
std::string convert(std::string_view text, DowngradeNeeds needs = {true, true}) {
  std::string whole;
  for (const std::size_t step : {text.size(), std::size_t{1}, std::size_t{7}}) {
    Downgrade downgrade(needs);
    bool good = true;
    for (std::size_t at = 0; good && at < text.size(); at += step)
      good = downgrade.feed(as_bytes(text.substr(at, step)));
    good = good && downgrade.finish();
    const std::string now(good ? as_text(downgrade.output()) : downgrade.fault());
    if (step == text.size()) whole = now;
    EXPECT_EQ(now, whole) << "in steps of " << step;
  }
  return whole;
}

constexpr std::string_view kMixed =
    "MIME-Version: 1.0\r\n"
    "Content-Transfer-Encoding: 8bit\r\n"
    "Content-Type: multipart/mixed;\r\n boundary=\"b\"\r\n"
    "Subject: x\r\n"
    "\r\n"
    "preamble\r\n"
    "--b\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n"
    "Content-Transfer-Encoding: 8bit\r\n"
    "\r\n"
    "gr\xc3\xbc\xc3\x9f = \r\n"
    "--b\r\n"
    "Content-Type: application/octet-stream\r\n"
    "Content-Transfer-Encoding: binary\r\n"
    "\r\n"
    "\xff\r\n\xfe\r\n"
    "--b\r\n"
    "\r\n"
    "plain\r\n"
    "--b--\r\n"
    "epilogue\r\n";

TEST(Downgrade, EachPartIsEncodedByItsKind) {
  EXPECT_EQ(convert(kMixed),
            "MIME-Version: 1.0\r\n"
            "Content-Type: multipart/mixed;\r\n boundary=\"b\"\r\n"
            "Subject: x\r\n"
            "Content-Transfer-Encoding: 7bit\r\n"
            "\r\n"
            "preamble\r\n"
            "--b\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n"
            "\r\n"
            "gr=C3=BC=C3=9F =3D=20\r\n"
            "--b\r\n"
            "Content-Type: application/octet-stream\r\n"
            "Content-Transfer-Encoding: base64\r\n"
            "\r\n"
            "/w0K/g==\r\n"
            "--b\r\n"
            "\r\n"
            "plain\r\n"
            "--b--\r\n"
            "epilogue\r\n");
}

TEST(Downgrade, WhatIsSevenBitStaysAsItIs) {
  constexpr std::string_view kText =
      "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Transfer-Encoding: "
      "quoted-printable\r\n\r\n=C3=BC\r\n--b\r\nContent-Transfer-Encoding: Base64\r\n\r\n/w==\r\n"
      "--b--\r\n";
  EXPECT_EQ(convert(kText), kText);
}

TEST(Downgrade, ANestedMessageIsConvertedWithin) {  // RFC 2046 5.2.1
  EXPECT_EQ(convert("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 8BIT\r\n\r\n"
                    "Subject: in\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\xe4\r\n"),
            "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
            "Subject: in\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=E4\r\n");
}

TEST(Downgrade, ASignedPartIsNeverTouched) {  // RFC 1847 2.1
  const std::string head =
      "Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n"
      "Content-Type: multipart/signed; boundary=i\r\n\r\n--i\r\n"
      "Content-Transfer-Encoding: 8bit\r\n\r\n";
  const std::string tail =
      "\r\n--i\r\n\r\nsignature\r\n--i--\r\n--o\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\xe4\r\n"
      "--o--\r\n";
  const std::string fine = convert(head + "seven" + tail);
  EXPECT_THAT(fine, HasSubstr("--i\r\nContent-Transfer-Encoding: 8bit\r\n\r\nseven\r\n--i\r\n"));
  EXPECT_THAT(fine, HasSubstr("--o\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=E4\r\n"));
  EXPECT_THAT(convert(head + "acht: \xe4" + tail), HasSubstr("5.6.3 A signed part is 8-bit"));
}

TEST(Downgrade, WhatCannotBeConvertedIsRefused) {
  EXPECT_THAT(convert("Subject: x\r\n\r\n\xe4\r\n"), HasSubstr("without saying so"));
  EXPECT_THAT(convert("Subject: \xe4\r\n\r\n", {true, false}), HasSubstr("5.6.3 Header"));
  EXPECT_THAT(convert("Subject: \xc3\xa4\r\n\r\n"), HasSubstr("5.6.7 Message needs SMTPUTF8"));
  EXPECT_THAT(convert("Content-Type: message/partial\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
                      "\xe4\r\n"),
              HasSubstr("without saying so"));
  EXPECT_THAT(convert("Content-Transfer-Encoding: 8bit\r\nContent-Transfer-Encoding: base64\r\n\r\n"
                      "x\r\n"),
              HasSubstr("its structure is broken"));
  std::string deep;
  for (int i = 0; i < 100; ++i)
    deep += "Content-Type: multipart/mixed; boundary=b" + std::to_string(i) + "x\r\n\r\n--b" +
            std::to_string(i) + "x\r\n";
  EXPECT_THAT(convert(deep), HasSubstr("its structure is broken"));
}

TEST(Downgrade, WithoutSmtpUtf8OnlyTheHeadersCount) {
  const DowngradeNeeds needs{.seven_bit = false, .ascii_header = true};
  constexpr std::string_view kText =
      "Content-Type: multipart/signed; boundary=b\r\nContent-Transfer-Encoding: 8bit\r\n\r\n--b\r\n"
      "Content-Transfer-Encoding: 8bit\r\n\r\n\xc3\xbc\r\n--b--\r\n";
  EXPECT_EQ(convert(kText, needs), kText);
  EXPECT_THAT(convert("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: "
                      "text/plain; name=\"\xc3\xbc\"\r\n\r\n",
                      needs),
              HasSubstr("5.6.7"));
}

TEST(Downgrade, LongLinesAreBrokenSoftlyAndEndsAreKept) {
  const std::string head = "Content-Transfer-Encoding: 8bit\r\n\r\n";
  const std::string text = convert(head + std::string(3'000, 'x') + " \r\ny\xe4");
  std::size_t longest = 0, begin = 0;
  for (std::size_t end; (end = text.find("\r\n", begin)) != text.npos; begin = end + 2)
    longest = std::max(longest, end - begin);
  EXPECT_EQ(longest, 76U);
  EXPECT_THAT(text, HasSubstr("=20\r\ny=E4=\r\n"));
}

class DeliveryOfEightBits : public DeliveryWorld {
 protected:
  void put_eight_bit(std::string body, mail::SenderParameters parameters) {
    shard.put("from@example.org", {"a@example.com"}, std::move(body), clock.wall(), parameters);
    settle();
  }
};

TEST_F(DeliveryOfEightBits, APeerWithoutTheExtensionGetsItConverted) {
  first().extensions = "250-PIPELINING\r\n250 SIZE 0\r\n";
  put_eight_bit("Content-Transfer-Encoding: 8bit\r\n\r\n\xe4\r\n",
                {.body = mail::BodyType::eight_bit_mime});
  ASSERT_EQ(first().messages.size(), 1U);
  EXPECT_EQ(first().messages[0],
            "Received: from test\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=E4\r\n");
  EXPECT_THAT(first().commands, testing::Contains("MAIL FROM:<from@example.org>"));
}

TEST_F(DeliveryOfEightBits, WhatCannotBeConvertedIsNeverEndedWithADotAndGoesBack) {
  first().extensions = "250 PIPELINING\r\n";
  other().extensions = "250 PIPELINING\r\n";
  put_eight_bit("Subject: x\r\n\r\n" + std::string(100'000, 'x') + "\r\n\xe4\r\n",
                {.body = mail::BodyType::eight_bit_mime});
  EXPECT_EQ(first().messages.size(), 0U);
  EXPECT_EQ(events.last[mail::EventKind::delivery_bounced][0], "5.6.3");
}

}  // namespace
}  // namespace sluice::delivery
