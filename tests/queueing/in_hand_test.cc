#include "queueing/in_hand.h"

#include <gtest/gtest.h>

#include "tests/support/temporary_directory.h"

namespace sluice::queueing {
namespace {

TEST(InHand, WhatWasInHandAtTheEndIsFoundAtTheStart) {
  const TemporaryDirectory directory;
  {
    InHand first(directory.path());
    EXPECT_FALSE(first.left().has_value());
    const InHandScope scope(&first, 4'711, Work::scan);
    InHand next(directory.path());  // as after a kill: nobody has put it down
    ASSERT_TRUE(next.left().has_value());
    EXPECT_EQ(next.left()->mid, 4'711u);
    EXPECT_EQ(next.left()->work, Work::scan);
  }
  EXPECT_FALSE(InHand(directory.path()).left().has_value());
}

TEST(InHand, AnArrivalIsNotedWithItsConnectionAndSeenMeanwhile) {
  const TemporaryDirectory directory;
  InHand in_hand(directory.path());
  EXPECT_EQ(in_hand.now().mid, 0u);
  const InHandScope scope(&in_hand, 4'712, Work::arrival, 99);
  EXPECT_EQ(in_hand.now().mid, 4'712u);
  InHand next(directory.path());
  ASSERT_TRUE(next.left().has_value());
  EXPECT_EQ(next.left()->work, Work::arrival);
  EXPECT_EQ(next.left()->icid, 99u);
}

TEST(InHand, WhatIsPutDownIsForgotten) {
  const TemporaryDirectory directory;
  InHand in_hand(directory.path());
  {
    const InHandScope scope(&in_hand, 1, Work::delivery);
  }
  EXPECT_FALSE(InHand(directory.path()).left().has_value());
}

TEST(InHand, WithoutADirectoryNothingIsNotedAndNothingBreaks) {
  InHand in_hand("/nonexistent/directory");
  const InHandScope scope(&in_hand, 1, Work::delivery);
  EXPECT_FALSE(in_hand.left().has_value());
  const InHandScope nobody(nullptr, 1, Work::delivery);
}

}  // namespace
}  // namespace sluice::queueing
