#include "engine/worker/fate.h"

#include <gtest/gtest.h>

namespace sluice::worker {
namespace {

using config::OverLimit;
using policy::Disposition;

Fate fate(OverLimit over_limit, std::int8_t scl, bool limited) {
  config::Scan scan;
  scan.discard = 9;
  scan.reject = 7;
  scan.over_limit = over_limit;
  scan::Verdict verdict;
  verdict.scl = scl;
  verdict.limited = limited;
  return fate_of(verdict, policy::SclThresholds(scan));
}

TEST(Fate, AMessageThatALimitLeftUnscannedGoesWhereTheOperatorSays) {
  EXPECT_EQ(fate(OverLimit::mark, 0, true).disposition, Disposition::deliver);
  EXPECT_EQ(fate(OverLimit::mark, 5, true).disposition, Disposition::tag);
  EXPECT_EQ(fate(OverLimit::quarantine, 0, true).disposition, Disposition::quarantine);
  EXPECT_EQ(fate(OverLimit::defer, 0, true).disposition, Disposition::reject);
  EXPECT_EQ(fate(OverLimit::defer, 0, true).reply.code, 451);
  EXPECT_EQ(fate(OverLimit::defer, 0, false).disposition, Disposition::deliver);
}

TEST(Fate, WhatWasSeenAlreadySpeaksFirst) {
  EXPECT_EQ(fate(OverLimit::defer, 7, true).reply.code, 550);
  EXPECT_EQ(fate(OverLimit::quarantine, 9, true).disposition, Disposition::discard);
}

}  // namespace
}  // namespace sluice::worker
