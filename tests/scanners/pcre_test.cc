// What bounds a search by PCRE2.
#include <gtest/gtest.h>

#include "scanners/pcre/expression.h"

namespace sluice::scan::pcre {
namespace {

// How often a search in so many octets met a limit.
std::uint64_t given_up(const std::string& pattern, std::size_t octets) {
  auto expression = Expression::compile(pattern, {}).value();
  expression.compile_jit();
  Tools tools;
  Expression::Match match;
  EXPECT_FALSE(expression.find(as_bytes(std::string(octets, 'a')), 0, tools, match));
  EXPECT_FALSE(expression.find_here(as_bytes(std::string(octets, 'a')), 0, tools, match));
  return tools.given_up();
}

TEST(PcreExpression, AStepBackForEachOctetIsNoReasonToGiveUp) {
  EXPECT_EQ(given_up("\\A(?:a|b)*[cd]", 2'000), 0U);
  EXPECT_EQ(given_up("a[ab]*[cd]", 2'000), 0U);
}

TEST(PcreExpression, WhatTakesTooManyStepsIsGivenUp) {
  EXPECT_GT(given_up("\\A(?:a|b)*?(?:a|b)*[cd]", 2'000), 0U);
  EXPECT_GT(given_up("(?:a+)+[cd]", 30), 0U);
}

TEST(PcreExpression, LongTextsHaveFewerSteps) {
  EXPECT_EQ(given_up("\\A(?:a|b)*[cd]", kLongTextBytes / 2), 0U);
  EXPECT_GT(given_up("\\A(?:a|b)*[cd]", 10 * kLongTextBytes), 0U);
}

}  // namespace
}  // namespace sluice::scan::pcre
