#include "engine/base/block.h"

namespace sluice {

TEST(BlockPool, LastReferenceBringsTheBlockHome) {
  BlockPool pool(2);
  BlockRef a = pool.acquire();
  BlockRef copy = a;
  EXPECT_EQ(pool.available(), 1u);
  a.reset();
  EXPECT_EQ(pool.available(), 1u);
  copy.reset();
  EXPECT_EQ(pool.available(), 2u);
}

TEST(BlockPool, GivesAnEmptyReferenceWhenExhausted) {
  BlockPool pool(1);
  BlockRef only = pool.acquire();
  EXPECT_TRUE(only);
  EXPECT_FALSE(pool.acquire());
  EXPECT_EQ(pool.low_water(), 0u);
}

TEST(BlockPool, BlocksDoNotOverlap) {
  BlockPool pool(2);
  BlockRef a = pool.acquire();
  BlockRef b = pool.acquire();
  EXPECT_GE(std::abs(a.data() - b.data()), static_cast<std::ptrdiff_t>(kBlockBytes));
}

}  // namespace sluice
