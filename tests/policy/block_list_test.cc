#include "engine/policy/block_list.h"

#include <gtest/gtest.h>

namespace sluice::policy {
namespace {

constexpr WallTime kNow{1'800'000'000LL * 1'000'000'000LL};

Prefix prefix(const char* text) { return *Prefix::parse(text); }

}  // namespace

TEST(BlockList, EntriesExpireInTheOrderOfTheirTimes) {
  BlockList list(10);
  list.put(prefix("192.0.2.0/24"), BlockMode::drop, kNow + hours(2));
  list.put(prefix("198.51.100.0/24"), BlockMode::drop, kNow + hours(1));
  list.put(prefix("203.0.113.0/24"), BlockMode::drop, BlockList::kForEver);
  EXPECT_FALSE(list.expired(kNow));
  EXPECT_EQ(list.expired(kNow + hours(3)), prefix("198.51.100.0/24"));
  list.remove(prefix("198.51.100.0/24"));
  EXPECT_EQ(list.expired(kNow + hours(3)), prefix("192.0.2.0/24"));
  list.remove(prefix("192.0.2.0/24"));
  EXPECT_FALSE(list.expired(kNow + hours(3)));
}

TEST(BlockList, AnEntryThatIsPutAgainKeepsItsSlotAndGetsTheNewModeAndTime) {
  BlockList list(10);
  const std::uint32_t slot = list.put(prefix("192.0.2.0/24"), BlockMode::drop, kNow)->slot;
  const BlockEntry* again = list.put(prefix("192.0.2.0/24"), BlockMode::refuse, kNow + hours(1));
  EXPECT_EQ(again->slot, slot);
  EXPECT_EQ(again->mode, BlockMode::refuse);
  EXPECT_FALSE(list.expired(kNow));
  EXPECT_EQ(list.entries().size(), 1u);
}

TEST(BlockList, AFullListTakesNoMoreUntilOneIsRemoved) {
  BlockList list(1);
  EXPECT_NE(list.put(prefix("192.0.2.0/24"), BlockMode::drop, kNow), nullptr);
  EXPECT_EQ(list.put(prefix("198.51.100.0/24"), BlockMode::drop, kNow), nullptr);
  EXPECT_TRUE(list.remove(prefix("192.0.2.0/24")));
  EXPECT_FALSE(list.remove(prefix("192.0.2.0/24")));
  EXPECT_NE(list.put(prefix("198.51.100.0/24"), BlockMode::drop, kNow), nullptr);
}

TEST(BlockList, WhatItWritesItReadsWithoutWhatHasExpired) {
  BlockList list(10);
  list.put(prefix("192.0.2.0/24"), BlockMode::reset, kNow + hours(1));
  list.put(prefix("198.51.100.7/32"), BlockMode::refuse, kNow + hours(3));
  list.put(prefix("2001:db8::/32"), BlockMode::drop, BlockList::kForEver);
  BlockList again(10);
  ASSERT_TRUE(again.read(list.text(), kNow + hours(2)));
  EXPECT_EQ(again.text(), "198.51.100.7/32 refuse 1800010800\n2001:db8::/32 drop -\n");
}

TEST(BlockList, ADamagedLineIsNamed) {
  for (const char* damaged : {"192.0.2.0/24 rst\n", "192.0.2.0 24 rst -\n", "nonsense\n",
                              "192.0.2.0/24 maybe -\n", "192.0.2.0/24 rst 1x\n"}) {
    BlockList list(10);
    const auto read = list.read(std::string("192.0.2.0/25 rst -\n") + damaged, kNow);
    ASSERT_FALSE(read) << damaged;
    EXPECT_NE(read.error().find("line 2"), std::string::npos) << read.error();
  }
}

TEST(BlockList, AValueHoldsSlotAndMode) {
  for (const BlockMode mode : {BlockMode::drop, BlockMode::reset, BlockMode::refuse}) {
    const BlockValue value = BlockValue::unpack(BlockValue{kBlockEntriesMax - 1, mode}.packed());
    EXPECT_EQ(value.slot, kBlockEntriesMax - 1);
    EXPECT_EQ(value.mode, mode);
  }
}

}  // namespace sluice::policy
