#include "engine/policy/disposition.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::policy {
namespace {

// A letter for each SCL from -1 to 9.
std::string dispositions(const config::Scan& scan) {
  std::string out;
  for (std::int8_t scl = -1; scl <= 9; ++scl)
    out += ".tqrd"[static_cast<std::size_t>(SclThresholds(scan).disposition(scl))];
  return out;
}

TEST(Disposition, EachThresholdTakesWhatIsAtOrAboveIt) {
  EXPECT_EQ(dispositions({.discard = 9, .reject = 7, .quarantine = 5, .tag = 3}), "....ttqqrrd");
  EXPECT_EQ(dispositions({.discard = 5, .reject = 5, .quarantine = 5, .tag = 4}), ".....tddddd");
}

TEST(Disposition, TenIsNeverAndTheDefaultsRejectAtSeven) {
  EXPECT_EQ(dispositions({.discard = 10, .reject = 10, .quarantine = 10, .tag = 10}),
            "...........");
  EXPECT_EQ(dispositions({}), "......ttrrr");
}

TEST(Disposition, WhatBypassedTheFilterIsDelivered) {
  EXPECT_EQ(dispositions({.discard = 10, .reject = 0, .quarantine = 0, .tag = 0}).front(), '.');
}

}  // namespace
}  // namespace sluice::policy
