#include "engine/base/spsc_ring.h"

#include <thread>

#include "engine/base/random.h"

namespace sluice {

TEST(SpscRing, IsFullAtCapacity) {
  SpscRing<int> ring(2);
  EXPECT_TRUE(ring.push(1));
  EXPECT_TRUE(ring.push(2));
  EXPECT_FALSE(ring.push(3));
  int value = 0;
  EXPECT_TRUE(ring.pop(value));
  EXPECT_EQ(value, 1);
  EXPECT_TRUE(ring.push(3));
}

TEST(SpscByteRing, RecordsArriveWholeAndInOrderAcrossThreads) {
  SpscByteRing ring(4096);
  constexpr std::uint32_t kRecords = 20'000;
  std::thread producer([&] {
    Random random(3);
    for (std::uint32_t i = 0; i < kRecords;) {
      const std::size_t size = 4 + random.below(300);
      std::uint8_t* record = ring.reserve(size);
      if (record == nullptr) {
        std::this_thread::yield();
        continue;
      }
      std::memset(record, static_cast<int>(i & 0xff), size);
      std::memcpy(record, &i, sizeof i);
      ring.publish();
      ++i;
    }
  });
  for (std::uint32_t expected = 0; expected < kRecords;) {
    ByteView record = ring.front();
    if (record.empty()) {
      std::this_thread::yield();
      continue;
    }
    std::uint32_t number = 0;
    std::memcpy(&number, record.data(), sizeof number);
    ASSERT_EQ(number, expected);
    for (std::uint8_t byte : record.subspan(4)) ASSERT_EQ(byte, expected & 0xff);
    ring.release();
    ++expected;
  }
  producer.join();
}

TEST(SpscByteRing, RefusesWhatDoesNotFitAndCountsIt) {
  SpscByteRing ring(64);
  EXPECT_EQ(ring.reserve(64), nullptr);
  EXPECT_EQ(ring.dropped(), 1u);
  EXPECT_TRUE(ring.front().empty());
}

}  // namespace sluice
