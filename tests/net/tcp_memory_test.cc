// What connections cost (slabs whose pages are touched when used) and TIME-WAIT in 64 octets.
#include <gtest/gtest.h>

#include <fstream>
#include <memory>

#include "engine/net/tcp/tcp.h"
#include "tests/support/tcp_script.h"

namespace sluice::net::test {
namespace {

constexpr Duration kWait = seconds(60);
constexpr Instant kStart = Instant{} + seconds(1'000);

std::size_t resident_bytes() {
  std::size_t total = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return resident * 4'096;
}

class TimeWaits : public testing::Test {
 protected:
  explicit TimeWaits(std::size_t capacity = 4) : table(capacity, flows, kWait) {}
  tcp::FlowKey key(std::uint16_t port) const {
    return {IpAddress::from_v4(1), IpAddress::from_v4(2), 25, port};
  }
  void enter(std::uint16_t port, Instant now) {
    const auto& tcp = tcp_of(*script.stack);
    auto tcb = std::make_unique<tcp::Tcb>(const_cast<tcp::Tcp&>(tcp), tcp.default_options());
    tcb->key = key(port);
    table.enter(*tcb, now);
  }
  tcp::TimeWait* find(std::uint16_t port) {
    const tcp::FlowRef ref = flows.find(key(port));
    return ref ? &table.at(ref.index()) : nullptr;
  }
  TcpScript script;
  Random random{1};
  tcp::FlowTable flows{16, random};
  tcp::TimeWaitTable table;
};

}  // namespace

TEST_F(TimeWaits, ExpireInTheOrderInWhichTheyBegan) {
  enter(1, kStart);
  enter(2, kStart + seconds(10));
  EXPECT_EQ(table.next_deadline(kStart), kStart + kWait);
  EXPECT_EQ(table.expire(kStart + kWait - milliseconds(1)), 0u);
  EXPECT_EQ(table.expire(kStart + kWait), 1u);
  EXPECT_EQ(find(1), nullptr);
  EXPECT_NE(find(2), nullptr);
}

TEST_F(TimeWaits, OneWhoseFinCameAgainWaitsAnew) {
  enter(1, kStart);
  enter(2, kStart + seconds(10));
  table.restart(*find(1), kStart + seconds(30));
  EXPECT_EQ(table.expire(kStart + seconds(89)), 1u);
  EXPECT_EQ(find(2), nullptr);
  ASSERT_NE(find(1), nullptr);
  EXPECT_EQ(table.expire(kStart + seconds(90)), 1u);
  EXPECT_EQ(table.size(), 0u);
}

TEST_F(TimeWaits, AFullTableLetsTheOldestGoEarly) {
  for (std::uint16_t port = 1; port <= 4; ++port) enter(port, kStart);
  table.remove(*find(1));
  enter(5, kStart);
  enter(6, kStart);
  EXPECT_EQ(table.size(), 4u);
  EXPECT_EQ(find(2), nullptr);
  for (const std::uint16_t port : {3, 4, 5, 6}) EXPECT_NE(find(port), nullptr) << port;
}

TEST_F(TimeWaits, TheMillisecondClockMayWrap) {
  const Instant late{(static_cast<std::int64_t>(UINT32_MAX) - 5'000) * 1'000'000};
  enter(1, late);
  EXPECT_EQ(table.expire(late + seconds(59)), 0u);
  EXPECT_EQ(table.expire(late + seconds(60)), 1u);
}

TEST(SparseSlab, UsesFreedElementsBeforeNewOnes) {
  SparseSlab<int> slab(3);
  int* first = slab.acquire(1);
  int* second = slab.acquire(2);
  EXPECT_EQ(slab.index_of(*second), 1u);
  slab.release(*first);
  EXPECT_FALSE(slab.in_use(0));
  EXPECT_EQ(slab.acquire(3), first);
  EXPECT_NE(slab.acquire(4), nullptr);
  EXPECT_EQ(slab.acquire(5), nullptr);
  int sum = 0;
  slab.for_each([&](int value) { sum += value; });
  EXPECT_EQ(sum, 2 + 3 + 4);
}

TEST(SparseSlab, DestroysWhatIsStillInUse) {
  const auto owner = std::make_shared<int>(7);
  {
    SparseSlab<std::shared_ptr<int>> slab(2);
    slab.acquire(owner);
    slab.release(*slab.acquire(owner));
    EXPECT_EQ(owner.use_count(), 2);
  }
  EXPECT_EQ(owner.use_count(), 1);
}

TEST(TcpMemory, RoomForAMillionConnectionsCostsLittleWhileFewAreOpen) {
  const std::size_t before = resident_bytes();
  TcpScript script([](StackOptions& options) { options.connections_max = 1'000'000; });
  EXPECT_NE(script.establish(), nullptr);
  EXPECT_LT(resident_bytes() - before, 8u << 20);
}

TEST(TcpMemory, AnOpenConnectionTakesAtMost512Octets) {
  TcpScript script([](StackOptions& options) { options.connections_max = 1'000; });
  tcp::Tcp& tcp = tcp_of(*script.stack);
  const std::size_t before = tcp.bytes_held();
  for (std::uint16_t port = 5'000; port < 5'100; ++port) {
    script.sent.clear();
    script.peer({.flags = kSyn, .seq = 100, .remote_port = port});
    script.peer({.seq = 101, .ack = script.sent[0].header.sequence + 1, .remote_port = port});
  }
  ASSERT_EQ(script.stack->open_connections(), 100u);
  const std::size_t bucket = sizeof(tcp::FlowRef) * 1'024 / 1'000 + 1;
  EXPECT_LE((tcp.bytes_held() - before) / 100 + bucket, 512u);
}

}  // namespace sluice::net::test
