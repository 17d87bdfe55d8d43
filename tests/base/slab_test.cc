#include "engine/base/slab.h"

namespace sluice {

TEST(Slab, StaleHandleResolvesToNothing) {
  Slab<int> slab(2);
  int* element = slab.acquire();
  const Handle handle = slab.handle(*element);
  EXPECT_EQ(slab.find(handle), element);
  slab.release(*element);
  EXPECT_EQ(slab.find(handle), nullptr);
  EXPECT_EQ(slab.acquire(), element);  // the same cell, another generation
  EXPECT_EQ(slab.find(handle), nullptr);
}

TEST(Slab, IsExhaustedAtItsCapacityAndFillsAgain) {
  Slab<int> slab(3);
  int* a = slab.acquire();
  slab.acquire();
  slab.acquire();
  EXPECT_EQ(slab.acquire(), nullptr);
  EXPECT_EQ(slab.low_water(), 0u);
  slab.release(*a);
  EXPECT_EQ(slab.available(), 1u);
}

TEST(Slab, HandleSurvivesPacking) {
  const Handle handle{7, 9};
  EXPECT_EQ(Handle::unpack(handle.packed()), handle);
}

}  // namespace sluice
