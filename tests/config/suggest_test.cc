#include "engine/config/suggest.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace sluice::config {
namespace {

constexpr std::array<std::string_view, 4> kKnown{"sessions", "connections", "blocks", "mtu"};

TEST(ConfigSuggest, DistanceCountsInsertionsDeletionsReplacementsAndSwaps) {
  EXPECT_EQ(edit_distance("", ""), 0u);
  EXPECT_EQ(edit_distance("mtu", ""), 3u);
  EXPECT_EQ(edit_distance("", "mtu"), 3u);
  EXPECT_EQ(edit_distance("blocks", "block"), 1u);
  EXPECT_EQ(edit_distance("blcoks", "blocks"), 1u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
}

TEST(ConfigSuggest, TheNearestNameIsFound) {
  EXPECT_EQ(nearest("sesions", kKnown), "sessions");
  EXPECT_EQ(nearest("conections", kKnown), "connections");
  EXPECT_EQ(nearest("mut", kKnown), "mtu");
}

TEST(ConfigSuggest, ANameUnlikeAllIsNotGuessedAt) {
  EXPECT_EQ(nearest("weather", kKnown), "");
  EXPECT_EQ(nearest("", kKnown), "");
  EXPECT_EQ(nearest(std::string(10'000, 's'), kKnown), "");
}

}  // namespace
}  // namespace sluice::config
