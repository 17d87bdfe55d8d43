#include "tools/loadgen/histogram.h"

#include <gtest/gtest.h>

namespace sluice::load {
namespace {

TEST(Histogram, HasZeroForEveryQuantileWhenNothingWasAdded) {
  const Histogram histogram;
  EXPECT_EQ(histogram.quantile(0.5).ns, 0);
  EXPECT_EQ(histogram.max().ns, 0);
}

TEST(Histogram, GivesQuantilesWithinOneStepOfTheTruth) {
  Histogram histogram;
  for (int i = 1; i <= 100'000; ++i) histogram.add(nanoseconds(i * 37));
  for (const double share : {0.01, 0.5, 0.9, 0.99, 0.999}) {
    const double truth = share * 100'000 * 37;
    const auto found = static_cast<double>(histogram.quantile(share).ns);
    EXPECT_GE(found, truth * 0.999) << share;
    EXPECT_LE(found, truth * 1.017) << share;
  }
}

TEST(Histogram, IsExactForSmallValuesAndNeverAboveTheMaximum) {
  Histogram histogram;
  for (const int ns : {3, 5, 7}) histogram.add(nanoseconds(ns));
  EXPECT_EQ(histogram.quantile(0.3).ns, 3);
  EXPECT_EQ(histogram.quantile(0.6).ns, 5);
  EXPECT_EQ(histogram.quantile(1.0).ns, 7);
  histogram.add(nanoseconds(1'000'001));
  EXPECT_EQ(histogram.quantile(1.0).ns, 1'000'001);
}

TEST(Histogram, KeepsHoursInItsLastStep) {
  Histogram histogram;
  histogram.add(hours(5));
  EXPECT_EQ(histogram.count(), 1U);
  EXPECT_EQ(histogram.max(), hours(5));
}

}  // namespace
}  // namespace sluice::load
