#include "engine/policy/bounce_tag.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace sluice::policy {
namespace {

using Tag = BounceTags::Found::Tag;

constexpr WallTime kDay{1'800'000'000LL * 1'000'000'000};
constexpr Duration kWeek = hours(24 * 7);

BounceTags keys(std::string_view text) { return *BounceTags::parse(text); }
std::string fault(std::string_view text) {
  const auto tags = BounceTags::parse(text);
  return tags ? "" : tags.error();
}

TEST(BounceTags, ATagIsFoundAndComesOff) {
  const BounceTags tags = keys("3 a secret of the house\n");
  const std::string tagged = tags.tag("User@Example.com", kDay, kWeek);
  EXPECT_THAT(tagged, testing::MatchesRegex("prvs=3[0-9]{3}[0-9a-f]{6}=User@Example.com"));
  const auto found = tags.find(tagged, kDay);
  EXPECT_EQ(found.tag, Tag::good);
  EXPECT_EQ(found.address, "User@Example.com");
  // Relays change the case.
  std::string lower = tagged;
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return static_cast<char>(tolower(c)); });
  EXPECT_EQ(tags.find(lower, kDay).tag, Tag::good);
}

TEST(BounceTags, ItExpiresAndTheNumberOfTheDayWraps) {
  const BounceTags tags = keys("0 a secret of the house");
  for (int day = 0; day < 1'100; day += 50) {
    const WallTime then = kDay + hours(24 * day);
    const std::string tagged = tags.tag("u@d.test", then, kWeek);
    EXPECT_EQ(tags.find(tagged, then + kWeek).tag, Tag::good) << day;
    EXPECT_EQ(tags.find(tagged, then + kWeek + hours(24)).tag, Tag::bad) << day;
  }
}

TEST(BounceTags, AForgedOrForeignOneIsBad) {
  const BounceTags tags = keys("0 a secret of the house");
  const std::string tagged = tags.tag("u@d.test", kDay, kWeek);
  for (std::size_t i = 5; i < kTagBytes - 1; ++i) {
    std::string forged = tagged;
    forged[i] = forged[i] == '0' ? '1' : '0';
    EXPECT_EQ(tags.find(forged, kDay).tag, Tag::bad) << forged;
  }
  EXPECT_EQ(
      tags.find("prvs" + tags.tag("v@d.test", kDay, kWeek).substr(4, 12) + "u@d.test", kDay).tag,
      Tag::bad);
  EXPECT_EQ(keys("0 another secret here").find(tagged, kDay).tag, Tag::bad);
}

TEST(BounceTags, WhatIsNoTagIsNone) {
  const BounceTags tags = keys("0 a secret of the house");
  for (const char* address : {"u@d.test", "prvs=x=u@d.test", "prvs=0123abcdef=@d.test",
                              "prvs=", "prvs=0123abcdef=", "prvs=a123abcdef=u@d.test", ""})
    EXPECT_EQ(tags.find(address, kDay).tag, Tag::none) << address;
}

TEST(BounceTags, KeysAreRotated) {
  const std::string tagged = keys("0 the first secret").tag("u@d.test", kDay, kWeek);
  const BounceTags both = keys("1 the second secret\n0 the first secret\n");
  EXPECT_EQ(both.find(tagged, kDay).tag, Tag::good);
  EXPECT_EQ(both.tag("u@d.test", kDay, kWeek)[5], '1');
  EXPECT_EQ(keys("1 the second secret").find(tagged, kDay).tag, Tag::bad);
}

TEST(BounceTags, WhatHasNoRoomForATagStaysAsItIs) {
  const BounceTags tags = keys("0 a secret of the house");
  const std::string fits = std::string(kTaggedLocalMax, 'x') + "@d.test";
  EXPECT_EQ(tags.tag(fits, kDay, kWeek).find('@'), 64U);
  for (const std::string& address :
       {"x" + fits, std::string("postmaster"), std::string("\"a b\"@d.test")})
    EXPECT_EQ(tags.tag(address, kDay, kWeek), address);
}

TEST(BounceTags, AKeyFileSaysWhatIsWrongWithIt) {
  EXPECT_EQ(fault(""), "holds no key");
  EXPECT_THAT(fault("0 short\n"),
              testing::HasSubstr("line 1: is not a digit, a space and a secret"));
  EXPECT_THAT(fault("0 a secret of the house\n0 a secret of the house\n"),
              testing::HasSubstr("line 2: has the digit of an earlier one"));
  EXPECT_THAT(fault("0 a secret of the house\n\n"), testing::HasSubstr("line 2: is not"));
}

}  // namespace
}  // namespace sluice::policy
