#include "engine/web/sts_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::web {
namespace {

using testing::ElementsAre;

class StsCacheTest : public testing::Test {
 protected:
  static StsPolicy policy(std::string id, Duration age = hours(48)) {
    return {.mode = StsPolicy::Mode::enforce, .max_age = age, .mx = {"a.test"}, .id = id};
  }
  void fetched(const std::string& domain, std::string id, Duration age = hours(48)) {
    cache.fetched(domain, policy(std::move(id), age), now, forgotten);
  }
  StsState failed(const std::string& domain = "d.test") {
    return cache.failed(domain, StsFault::fetch, "no answer", now, forgotten);
  }
  StsCache::Found look(std::string_view id) { return cache.look_up("d.test", id, now); }
  static std::string id_of(const StsState& state) {
    return state.policy == nullptr ? "none" : state.policy->id;
  }

  WallTime now{1'000'000'000'000'000'000};
  StsCache cache{{.policies_max = 3}};
  std::vector<std::string> forgotten;
};

TEST_F(StsCacheTest, WhatIsNotKnownIsFetchedOnlyWithARecord) {
  EXPECT_TRUE(look("1").fetch);
  EXPECT_FALSE(look("1").holds);
  EXPECT_FALSE(look("").fetch);
  EXPECT_TRUE(look("").holds);
}

TEST_F(StsCacheTest, WhatIsKnownHoldsUntilItExpires) {
  fetched("d.test", "1");
  EXPECT_EQ(id_of(look("1").state), "1");
  EXPECT_TRUE(look("1").holds);
  EXPECT_FALSE(look("1").fetch);
  now = now + hours(48);
  EXPECT_FALSE(look("1").holds);
  EXPECT_EQ(id_of(look("1").state), "none");
}

TEST_F(StsCacheTest, TheMemoryOfAllPoliciesIsBounded) {
  StsPolicy large = policy("1");
  large.text.assign(60'000, 'x');
  cache = StsCache{{.memory_max = 200'000}};
  for (int i = 0; i < 100; ++i) {
    cache.fetched("d" + std::to_string(i), large, now, forgotten);
    now = now + seconds(1);
    EXPECT_LE(cache.bytes(), 200'000U);
  }
  EXPECT_EQ(cache.size(), 3U);
  EXPECT_EQ(forgotten.size(), 97U);
  EXPECT_EQ(forgotten.front(), "d0");                 // the first to expire
  cache.fetched("d99", policy("2"), now, forgotten);  // in the place of its old one
  EXPECT_EQ(cache.size(), 3U);
  EXPECT_LT(cache.bytes(), 130'000U);
  EXPECT_FALSE(cache.restore(
      "e",
      [&] {
        large.text.assign(90'000, 'x');
        return large;
      }(),
      now, now));
}

TEST_F(StsCacheTest, ANewIdIsFetchedAndAnOldPolicyHoldsWhenThatFails) {
  fetched("d.test", "1");
  EXPECT_TRUE(look("2").fetch);
  EXPECT_FALSE(look("2").holds);
  EXPECT_EQ(id_of(failed()), "1");
  EXPECT_FALSE(look("2").fetch);  // not again so soon
  EXPECT_TRUE(look("2").holds);
  EXPECT_EQ(id_of(look("2").state), "1");
  now = now + minutes(5);
  EXPECT_TRUE(look("2").fetch);
  fetched("d.test", "2");
  EXPECT_EQ(id_of(look("2").state), "2");
  EXPECT_EQ(look("2").state.trouble, "");
}

TEST_F(StsCacheTest, WithoutARecordTheKnownPolicyHolds) {
  fetched("d.test", "1");
  EXPECT_TRUE(look("").holds);
  EXPECT_EQ(id_of(look("").state), "1");
}

TEST_F(StsCacheTest, AnOldPolicyIsFetchedAgainWithoutAWait) {
  fetched("d.test", "1");
  now = now + hours(24);
  EXPECT_TRUE(look("1").fetch);
  EXPECT_TRUE(look("1").holds);
}

TEST_F(StsCacheTest, AFailureWithoutAPolicyIsRememberedForAWhile) {
  EXPECT_EQ(id_of(failed()), "none");
  EXPECT_TRUE(look("1").holds);
  EXPECT_FALSE(look("1").fetch);
  EXPECT_EQ(look("1").state.fault, StsFault::fetch);
  now = now + minutes(5);
  EXPECT_FALSE(look("1").holds);
}

TEST_F(StsCacheTest, TheOneThatExpiresFirstMakesRoom) {
  fetched("a.test", "1", hours(10));
  fetched("b.test", "1", hours(5));
  fetched("c.test", "1", hours(20));
  fetched("d.test", "1");
  EXPECT_THAT(forgotten, ElementsAre("b.test"));
  EXPECT_EQ(cache.size(), 3U);
  now = now + hours(21);  // what has expired goes first
  fetched("e.test", "1");
  EXPECT_THAT(forgotten, ElementsAre("b.test", "a.test", "c.test"));
}

TEST_F(StsCacheTest, OfTheDiskOnlyWhatHoldsIsTaken) {
  EXPECT_TRUE(cache.restore("d.test", policy("1"), now - hours(47), now));
  EXPECT_FALSE(cache.restore("e.test", policy("1"), now - hours(48), now));
  // A clock that was set back does not make a policy live longer than its life.
  EXPECT_TRUE(cache.restore("f.test", policy("1"), now + hours(1'000), now));
  now = now + hours(48);
  EXPECT_EQ(id_of(cache.look_up("f.test", "", now).state), "none");
}

TEST_F(StsCacheTest, NoPolicyIsKeptLongerThanTheRuleSays) {
  cache = StsCache{{.max_age = hours(1)}};
  fetched("d.test", "1");
  now = now + hours(1);
  EXPECT_EQ(id_of(look("").state), "none");
}

}  // namespace
}  // namespace sluice::web
