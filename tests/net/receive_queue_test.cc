// How much a connection keeps beyond a gap.
#include "engine/net/tcp/receive_queue.h"

#include <gtest/gtest.h>

#include "engine/net/arena_pool.h"

namespace sluice::net::tcp {
namespace {

constexpr std::uint32_t kMss = 1'448;

// Stores segments of `size` octets behind a gap of one, as many as are taken.
std::uint32_t store_all(ReceiveQueue& queue, ArenaPool& pool, std::uint32_t size,
                        std::uint32_t window) {
  for (std::uint32_t count = 0;; ++count) {
    PacketPtr packet(pool.allocate());
    if (!packet) return count;
    packet->sequence = (count + 1) * size;
    packet->length = size;
    if (!queue.store(std::move(packet), window)) return count;
  }
}

}  // namespace

TEST(ReceiveQueue, AWindowOfFullSegmentsFitsBeyondAGap) {
  constexpr std::uint32_t kWindow = 1 << 20;
  ArenaPool pool(2'048);
  ReceiveQueue queue;
  EXPECT_GE(store_all(queue, pool, kMss, kWindow), kWindow / kMss);
}

TEST(ReceiveQueue, SingleOctetsBeyondAGapCannotHoldMoreThanTwiceTheWindow) {
  constexpr std::uint32_t kWindow = 1 << 20;
  ArenaPool pool(8'192);
  ReceiveQueue queue;
  EXPECT_LE(store_all(queue, pool, 1, kWindow) * kPacketRoom, 2 * kWindow);
}

TEST(ReceiveQueue, ASmallWindowKeepsWhatASmallBurstBrings) {
  ArenaPool pool(2'048);
  ReceiveQueue queue;
  EXPECT_EQ(store_all(queue, pool, 1, 4'096), kOutOfOrderPacketsMin);
}

}  // namespace sluice::net::tcp
