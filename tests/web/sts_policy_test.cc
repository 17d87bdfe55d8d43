#include "engine/web/sts_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::web {
namespace {

using Mode = StsPolicy::Mode;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kExample =  // RFC 8461 3.2
    "version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmx: *.example.net\r\n"
    "mx: backupmx.example.com\r\nmax_age: 604800\r\n";

StsPolicy parsed(std::string_view text) {
  auto policy = parse_sts_policy(text);
  EXPECT_TRUE(policy) << text << (policy ? "" : ": " + policy.error());
  return policy.value_or(StsPolicy());
}

std::string fault(std::string_view text) {
  const auto policy = parse_sts_policy(text);
  return policy ? "fine" : policy.error();
}

TEST(StsPolicy, OfTheRfcIsRead) {
  const StsPolicy policy = parsed(kExample);
  EXPECT_EQ(policy.mode, Mode::enforce);
  EXPECT_EQ(policy.max_age, seconds(604800));
  EXPECT_THAT(policy.mx, ElementsAre("mail.example.com", "*.example.net", "backupmx.example.com"));
  EXPECT_EQ(policy.text, kExample);
  EXPECT_EQ(policy_lines(policy.text).size(), 6U);
  EXPECT_EQ(policy_lines(policy.text)[2], "mx: mail.example.com");
}

TEST(StsPolicy, LinesMayEndWithLfAndTheLastWithNothing) {
  EXPECT_EQ(parsed("version: STSv1\nmode: testing \nmx:a.test\nmax_age:\t1").mode, Mode::testing);
  EXPECT_EQ(parsed("version: STSv1\nmode: none\nmax_age: 86400\n\r\n").mode, Mode::none);
}

TEST(StsPolicy, OfARepeatedFieldTheFirstCountsAndUnknownOnesDoNot) {
  const StsPolicy policy = parsed(
      "version: STSv1\nmode: testing\nmode: enforce\nmx: a.test\nmax_age: 5\nmax_age: 9\n"
      "comment: \xc3\xa9 = ; anything\nx_y-z.1: 2\n");
  EXPECT_EQ(policy.mode, Mode::testing);
  EXPECT_EQ(policy.max_age, seconds(5));
}

TEST(StsPolicy, IsKeptNoLongerThanAYear) {
  EXPECT_EQ(parsed("version: STSv1\nmode: none\nmax_age: 9999999999").max_age, kStsMaxAgeMax);
}

TEST(StsPolicy, FaultsAreNamed) {
  const std::string rest = "mode: enforce\nmx: a.test\nmax_age: 1\n";
  EXPECT_EQ(fault(rest), "there is no version");
  EXPECT_EQ(fault("version: STSv1\nmx: a.test\nmax_age: 1"), "there is no mode");
  EXPECT_EQ(fault("version: STSv1\nmode: enforce\nmx: a.test"), "there is no max_age");
  EXPECT_EQ(fault("version: STSv1\nmode: enforce\nmax_age: 1"), "there is no mx");
  EXPECT_EQ(fault("version: STSv2\n" + rest), "bad value: \"version: STSv2\"");
  EXPECT_EQ(fault("version: STSv1\n\n" + rest), "not a field: \"\"");
  EXPECT_EQ(fault("<html>\n"), "not a field: \"<html>\"");
  for (const char* line : {"mode: Enforce", "max_age: -1", "max_age: 12345678901", "max_age: 1d",
                           "mx: ", "mx: *", "mx: *.*.test", "mx: a.*.test", "mx: a..test",
                           "mx: a b.test", "mx: .test", "x: \x01", "-x: 1", ": 1", "mx"})
    EXPECT_NE(fault("version: STSv1\n" + std::string(line) + "\n" + rest), "fine") << line;
}

TEST(StsPolicy, AWildcardIsOneLabel) {
  const StsPolicy policy = parsed(kExample);
  EXPECT_TRUE(policy.allows("mail.example.com"));
  EXPECT_TRUE(policy.allows("mx.example.net"));
  EXPECT_FALSE(policy.allows("a.mx.example.net"));
  EXPECT_FALSE(policy.allows("example.net"));
  EXPECT_FALSE(policy.allows(".example.net"));
  EXPECT_FALSE(policy.allows("xexample.net"));
  EXPECT_FALSE(policy.allows("mail.example.com.evil.test"));
}

TEST(StsPolicy, NamesBeyondAsciiMatchTheirALabels) {
  const StsPolicy policy = parsed(
      "version: STSv1\nmode: enforce\nmx: *.B\xc3\xbc"
      "cher.test\nmax_age: 1");
  EXPECT_TRUE(policy.allows("mx.xn--bcher-kva.test"));
}

TEST(StsPolicy, HasNoMorePatternsThanTheLimit) {
  std::string text = "version: STSv1\nmode: enforce\nmax_age: 1\n";
  for (std::size_t i = 0; i < kStsPatternsMax; ++i) text += "mx: a.test\n";
  EXPECT_EQ(fault(text), "fine");
  EXPECT_THAT(fault(text + "mx: a.test\n"), HasSubstr("bad value"));
}

}  // namespace
}  // namespace sluice::web
