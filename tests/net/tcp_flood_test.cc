// What strangers can make us spend.
#include <gtest/gtest.h>

#include "engine/net/tcp/tcb.h"
#include "tests/support/tcp_script.h"

namespace sluice::net::test {
namespace {

constexpr std::uint32_t kOffLink = 0xc6336400;  // 198.51.100.0

TcpScript routed(std::size_t connections, std::uint32_t backlog) {
  return TcpScript([&](StackOptions& options) {
    options.connections_max = static_cast<std::uint32_t>(connections);
    options.syn_backlog = backlog;
    options.gateways = {IpAddress::from_v4(kAddressB)};
  });
}

PeerSegment syn_from(std::uint32_t i) {
  return {.flags = kSyn,
          .seq = i,
          .remote_port = static_cast<std::uint16_t>(1'024 + i % 60'000),
          .source = kOffLink + i / 60'000};
}

}  // namespace

TEST(TcpFlood, ASynFloodHoldsNoMoreThanTheBacklogAndANewPeerStillGetsIn) {
  TcpScript script = routed(64, 32);
  for (std::uint32_t i = 0; i < 5'000; ++i) script.peer(syn_from(i));
  EXPECT_EQ(script.stack->open_connections(), 32u);
  EXPECT_EQ(stack_counters(*script.stack).half_open, 32u);
  EXPECT_NE(script.establish(), nullptr);
  script.pass(seconds(120));
  EXPECT_EQ(script.stack->open_connections(), 1u);
  EXPECT_EQ(stack_counters(*script.stack).half_open, 0u);
}

TEST(TcpFlood, AmongTwentyTimesAsManyForgedSynsEveryHonestPeerGetsIn) {
  TcpScript script = routed(512, 32);
  std::uint32_t forged = 1'000'000;
  for (std::uint16_t peer = 0; peer < 100; ++peer) {
    const auto port = static_cast<std::uint16_t>(30'000 + peer);
    script.peer({.flags = kSyn, .seq = 100, .remote_port = port});
    const auto syn_ack = script.sent.back();
    for (int i = 0; i < 20; ++i) script.peer(syn_from(forged++));
    script.peer({.seq = 101, .ack = syn_ack.header.sequence + 1, .remote_port = port});
    ASSERT_NE(script.stack->next_ready(), nullptr) << peer;
    script.sent.clear();
  }
  EXPECT_LE(script.stack->open_connections(), 100u + 32u);
  EXPECT_LE(stack_counters(*script.stack).half_open, 32u);
}

TEST(TcpFlood, WhenAllSlotsAreTakenFurtherSynsAreDroppedAndCounted) {
  TcpScript script = routed(8, 32);
  for (std::uint32_t i = 0; i < 50; ++i) script.peer(syn_from(i));
  EXPECT_EQ(script.stack->open_connections(), 8u);
  EXPECT_EQ(stack_counters(*script.stack).dropped_no_resources, 42u);
}

TEST(TcpFlood, APortScanLeavesNothingBehind) {
  TcpScript script;
  for (std::uint32_t port = 1; port < 3'000; ++port)
    if (port != 25)
      script.peer({.flags = kSyn, .seq = 1, .local_port = static_cast<std::uint16_t>(port)});
  EXPECT_EQ(script.pending(), 2'998u);
  EXPECT_EQ(script.stack->open_connections(), 0u);
  auto& pool = script.wire.port(0).pool();
  EXPECT_EQ(pool.available(), pool.capacity());
}

TEST(TcpFlood, GapsFromManyPeersCannotExhaustThePool) {
  TcpScript script([](StackOptions& options) { options.connections_max = 64; }, 512);
  const std::string block(1'000, 'x');
  for (std::uint16_t peer = 0; peer < 50; ++peer) {
    const auto port = static_cast<std::uint16_t>(30'000 + peer);
    script.peer({.flags = kSyn, .seq = 0, .remote_port = port});
    const auto ack = script.sent.back().header.sequence + 1;
    script.peer({.seq = 1, .ack = ack, .remote_port = port});
    for (std::uint32_t i = 0; i < 60; ++i)
      script.peer({.seq = 2 + i * 1'001, .ack = ack, .payload = block, .remote_port = port});
  }
  EXPECT_GE(script.wire.port(0).pool().available(), 512u / 8);
  EXPECT_NE(script.establish(), nullptr);
}

TEST(TcpFlood, UnreadDataOfManyPeersLeavesPacketsForTheOthers) {
  TcpScript script([](StackOptions& options) { options.connections_max = 64; }, 512);
  const std::string block(1'000, 'x');
  for (std::uint16_t peer = 0; peer < 50; ++peer) {
    const auto port = static_cast<std::uint16_t>(30'000 + peer);
    script.peer({.flags = kSyn, .seq = 0, .remote_port = port});
    const auto ack = script.sent.back().header.sequence + 1;
    script.peer({.seq = 1, .ack = ack, .remote_port = port});
    for (std::uint32_t i = 0; i < 60; ++i)
      script.peer({.seq = 1 + i * 1'000, .ack = ack, .payload = block, .remote_port = port});
  }
  EXPECT_GE(script.wire.port(0).pool().available(), 10u);
  EXPECT_NE(script.establish(), nullptr);
}

TEST(TcpFlood, AWriterThatFindsThePoolEmptyIsWokenWhenItIsNot) {
  TcpScript script({}, 64);
  Connection* connection = script.establish({.mss = 1'000});
  std::vector<PacketPtr> taken;
  while (Packet* packet = script.wire.port(0).pool().allocate()) taken.emplace_back(packet);
  EXPECT_EQ(connection->write(as_bytes("hello")), 0u);
  script.pass(milliseconds(5));
  EXPECT_EQ(script.stack->next_ready(), nullptr);
  taken.clear();
  script.pass(milliseconds(5));
  EXPECT_EQ(script.stack->next_ready(), connection);
  EXPECT_EQ(connection->write(as_bytes("hello")), 5u);
}

}  // namespace sluice::net::test
