// Real ports of two workers on net_ring devices, which deliver what is sent on queue i to queue i.
#include <gtest/gtest.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_mempool.h>

#include <atomic>
#include <map>
#include <set>
#include <thread>

#include "engine/net/dpdk/dpdk.h"
#include "engine/net/dpdk/mbuf.h"
#include "tests/net_dev/frames.h"

namespace sluice::net {
namespace {

constexpr std::uint32_t kPackets = 8'191;

class DpdkPortTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    DpdkOptions options;
    options.hugepages = DpdkOptions::HugePages::off;
    options.memory_mib = 128;
    options.workers = 2;
    options.ports = {{.name = "mx0", .device = "net_ring0", .packets = kPackets}};
    auto started = Dpdk::start(options);
    ASSERT_TRUE(started) << started.error();
    dpdk_ = std::move(*started);
    dpdk_->enter_worker(0);
  }
  static void TearDownTestSuite() {
    dpdk_->leave_worker(0);
    EXPECT_EQ(dpdk_->stop(), 0u);  // every packet is home
    dpdk_.reset();
  }
  void TearDown() override {
    for (unsigned worker : {0u, 1u})
      while (!receive(worker).empty()) {
      }
  }

  static Port& port(unsigned worker) { return dpdk_->port(0, worker); }
  static PacketPtr packet_with(unsigned worker, const Frame& frame) {
    PacketPtr packet(port(worker).pool().allocate());
    std::copy(frame.begin(), frame.end(), packet->data);
    packet->length = static_cast<std::uint32_t>(frame.size());
    return packet;
  }
  static bool send(unsigned worker, const Frame& frame) {
    PacketPtr packet = packet_with(worker, frame);
    Packet* raw = packet.get();
    if (port(worker).transmit({&raw, 1}) == 0) return false;
    packet.release();
    return true;
  }
  static std::vector<PacketPtr> receive(unsigned worker) {
    Packet* burst[32];
    const std::size_t count = port(worker).receive(burst);
    return {burst, burst + count};
  }
  static Frame frame_of(const Packet& packet) { return {packet.data, packet.data + packet.length}; }
  // Some flow that worker `owner` owns.
  static Flow flow_of(unsigned owner) {
    for (Flow flow;; ++flow.source_port)
      if (port(owner).flow_is_ours(*packet_with(owner, ipv4_frame(flow)))) return flow;
  }

  static std::unique_ptr<Dpdk> dpdk_;
};
std::unique_ptr<Dpdk> DpdkPortTest::dpdk_;

TEST_F(DpdkPortTest, AFrameArrivesAsItWasSent) {
  const Frame frame = ipv4_frame(flow_of(0), 1'400);
  ASSERT_TRUE(send(0, frame));
  const auto got = receive(0);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(frame_of(*got[0]), frame);
  EXPECT_EQ(got[0]->port, 0);
  EXPECT_EQ(got[0]->flags & (kRxL4ChecksumGood | kRxL4ChecksumBad), 0);
}

TEST_F(DpdkPortTest, TheSendersOwnPacketIsNotTheReceivers) {
  const Frame frame = ipv4_frame(flow_of(0));
  PacketPtr kept = packet_with(0, frame);
  PacketPool& pool = port(0).pool();
  EXPECT_FALSE(pool.shared(kept.get()));
  pool.retain(kept.get());
  Packet* raw = kept.get();
  ASSERT_EQ(port(0).transmit({&raw, 1}), 1u);
  EXPECT_TRUE(pool.shared(kept.get()));
  const auto got = receive(0);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_NE(got[0].get(), kept.get());
  got[0]->trim_front(20);
  got[0]->data[0] ^= 0xff;
  EXPECT_EQ(frame_of(*kept), frame);
  EXPECT_FALSE(pool.shared(kept.get()));
}

TEST_F(DpdkPortTest, EveryFlowReachesTheOneWorkerThatOwnsItInBothDirections) {
  std::map<std::uint16_t, std::set<unsigned>> seen;
  for (std::uint16_t i = 0; i < 64; ++i) {
    const Flow flow{.source_port = static_cast<std::uint16_t>(40'000 + i)};
    ASSERT_TRUE(send(i % 2, ipv4_frame(flow)));
    ASSERT_TRUE(send((i + 1) % 2, ipv4_frame(flow)));
    for (unsigned worker : {0u, 1u, 0u}) {
      for (const PacketPtr& packet : receive(worker)) {
        seen[i].insert(worker);
        EXPECT_TRUE(port(worker).flow_is_ours(*packet));
        EXPECT_TRUE(port(worker).flow_is_ours(*packet_with(0, ipv4_frame(flow.reversed()))));
        EXPECT_FALSE(port(1 - worker).flow_is_ours(*packet));
      }
    }
  }
  std::map<unsigned, int> flows;
  for (const auto& [flow, workers] : seen) {
    EXPECT_EQ(workers.size(), 1u);
    ++flows[*workers.begin()];
  }
  EXPECT_EQ(flows[0] + flows[1], 64);
  EXPECT_GT(flows[0], 16);
  EXPECT_GT(flows[1], 16);
}

TEST_F(DpdkPortTest, ArpReachesEveryWorker) {
  ASSERT_TRUE(send(1, arp_frame()));
  const auto at_receiver = receive(1);
  const auto at_other = receive(0);
  ASSERT_EQ(at_receiver.size(), 1u);
  ASSERT_EQ(at_other.size(), 1u);
  EXPECT_EQ(frame_of(*at_receiver[0]), arp_frame());
  EXPECT_EQ(frame_of(*at_other[0]), arp_frame());
  EXPECT_NE(at_receiver[0].get(), at_other[0].get());
}

TEST_F(DpdkPortTest, OnlyOneWorkerHasTheOriginalOfAnArpFrame) {
  Frame arp(60);
  put16(arp, 12, 0x0806);
  ASSERT_TRUE(send(0, arp));
  const auto original = receive(0);
  const auto copy = receive(1);
  ASSERT_TRUE(original.size() == 1 && copy.size() == 1);
  EXPECT_EQ(original[0]->flags & kRxCopy, 0);
  EXPECT_NE(copy[0]->flags & kRxCopy, 0);
}

TEST_F(DpdkPortTest, AFrameIsHandedOverToTheWorkerThatOwnsItsFlow) {
  const Frame ours = ipv4_frame(flow_of(0));
  const Frame theirs = ipv4_frame(flow_of(1));
  EXPECT_FALSE(port(0).hand_over(packet_with(0, ours).get()));
  PacketPtr packet = packet_with(0, theirs);
  ASSERT_TRUE(port(0).hand_over(packet.get()));
  packet.release();
  const auto got = receive(1);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(frame_of(*got[0]), theirs);
}

TEST_F(DpdkPortTest, AWorkerThatDoesNotKeepUpLosesFramesThatAreCountedAndFreed) {
  const Frame frame = ipv4_frame(flow_of(1));
  const DpdkCounters before = dpdk_->counters(0, 0);
  for (int i = 0; i < 1'100; ++i) {
    ASSERT_TRUE(send(0, frame));
    EXPECT_TRUE(receive(0).empty());
  }
  const DpdkCounters after = dpdk_->counters(0, 0);
  EXPECT_EQ(after.given - before.given, 1'024u);
  EXPECT_EQ(after.dropped_exchange_full - before.dropped_exchange_full, 76u);
}

TEST_F(DpdkPortTest, FramesInSegmentsAreMadeOneOrDroppedAndCounted) {
  const Frame head = ipv4_frame(flow_of(0), 100), tail(1'000, 0x77);
  const DpdkCounters before = dpdk_->counters(0, 0);
  for (unsigned tails : {1u, 3u}) {
    rte_mbuf* first = mbuf_of(packet_with(0, head).release());
    first->data_len = first->pkt_len = static_cast<std::uint16_t>(head.size());
    for (unsigned i = 0; i < tails; ++i) {
      rte_mbuf* segment = mbuf_of(packet_with(0, tail).release());
      segment->data_len = segment->pkt_len = static_cast<std::uint16_t>(tail.size());
      ASSERT_EQ(rte_pktmbuf_chain(first, segment), 0);
    }
    std::uint16_t id = 0;
    ASSERT_EQ(rte_eth_dev_get_port_by_name("net_ring0", &id), 0);
    ASSERT_EQ(rte_eth_tx_burst(id, 0, &first, 1), 1);
  }
  const auto got = receive(0);
  ASSERT_EQ(got.size(), 1u);
  Frame whole = head;
  whole.insert(whole.end(), tail.begin(), tail.end());
  EXPECT_EQ(frame_of(*got[0]), whole);
  EXPECT_EQ(dpdk_->counters(0, 0).dropped_segmented - before.dropped_segmented, 1u);
}

TEST_F(DpdkPortTest, AFullDeviceTakesNoMoreAndTheRestStaysWithTheCaller) {
  const Frame frame = ipv4_frame(flow_of(0));
  std::vector<PacketPtr> kept;
  std::vector<Packet*> frames;
  for (int i = 0; i < 1'500; ++i) {
    kept.push_back(packet_with(0, frame));
    frames.push_back(kept.back().get());
  }
  const std::size_t accepted = port(0).transmit(frames);
  EXPECT_GT(accepted, 900u);
  EXPECT_LT(accepted, 1'100u);  // a ring of 1024
  for (std::size_t i = 0; i < accepted; ++i) kept[i].release();
}

TEST_F(DpdkPortTest, AnEmptyPoolGivesNothingAndRecovers) {
  std::vector<PacketPtr> all;
  while (Packet* packet = port(0).pool().allocate()) all.emplace_back(packet);
  EXPECT_LE(all.size(), kPackets);
  EXPECT_GT(all.size(), kPackets / 2);
  EXPECT_EQ(port(0).pool().available(), 0u);
  const std::size_t count = all.size();
  all.clear();
  EXPECT_EQ(port(0).pool().available(), count);
}

TEST_F(DpdkPortTest, ARegisteredThreadHasACacheInThePool) {
  std::thread worker([] {
    dpdk_->enter_worker(1);
    Packet* packet = port(1).pool().allocate();
    rte_mempool_cache* cache = rte_mempool_default_cache(mbuf_of(packet)->pool, rte_lcore_id());
    ASSERT_NE(cache, nullptr);
    const unsigned before = cache->len;
    port(1).pool().free(packet);
    EXPECT_EQ(cache->len, before + 1);
    dpdk_->leave_worker(1);
  });
  worker.join();
}

TEST_F(DpdkPortTest, TwoThreadsExchangeFramesWithoutLosingAny) {
  constexpr int kFrames = 20'000;
  std::atomic<int> arrived{0};
  const Frame to_other = ipv4_frame(flow_of(1));
  std::thread other([&arrived] {
    dpdk_->enter_worker(1);
    while (arrived.load() < kFrames) arrived += static_cast<int>(receive(1).size());
    dpdk_->leave_worker(1);
  });
  for (int sent = 0; sent < kFrames;) {
    if (sent - arrived.load() < 512 && send(0, to_other)) ++sent;
    EXPECT_TRUE(receive(0).empty());
  }
  other.join();
  EXPECT_EQ(arrived.load(), kFrames);
}

TEST_F(DpdkPortTest, ASecondStartIsRefusedAndTheFirstUnharmed) {
  DpdkOptions options;
  options.hugepages = DpdkOptions::HugePages::off;
  options.ports = {{.name = "mx1", .device = "net_null0", .packets = 1'023}};
  const auto second = Dpdk::start(options);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(), "DPDK can be started only once in a process");
  EXPECT_TRUE(send(0, ipv4_frame(flow_of(0))));
}

TEST_F(DpdkPortTest, FactsSayHowFramesAreSteered) {
  const DpdkPortFacts facts = dpdk_->facts().at(0);
  EXPECT_EQ(facts.name, "mx0");
  EXPECT_EQ(facts.driver, "net_ring");
  EXPECT_EQ(facts.steering, "distributor: a virtual device has no RSS");
  EXPECT_EQ(facts.offloads, "none");
  EXPECT_FALSE(dpdk_->uses_hugepages());
}

}  // namespace
}  // namespace sluice::net
