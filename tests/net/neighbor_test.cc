#include <gtest/gtest.h>

#include "engine/net/wire/ethernet.h"
#include "tests/support/tcp_script.h"

namespace sluice::net::test {

TEST(Neighbor, StrangersCannotFillTheCacheWithReplies) {
  TcpScript script;
  for (std::uint32_t i = 10; i < 200; ++i)
    script.inject(arp_frame({kArpReply, {2, 0, 0, 0, 0, 5}, 0x0a000000 + i, {}, kAddressA}));
  auto connection = script.stack->connect({IpAddress::from_v4(0x0a000010), 25}, 1);
  script.flush();
  ASSERT_EQ(script.other_frames.size(), 1u);  // it still has to ask
  EXPECT_EQ(script.pending(), 0u);
}

TEST(Neighbor, AFrameWaitsForTheAnswerAndThenGoes) {
  TcpScript script;
  auto connection = script.stack->connect({IpAddress::from_v4(0x0a000010), 25}, 1);
  script.flush();
  const auto asked = parse_arp(ByteView(script.other_frames[0]).subspan(kEthernetHeaderLength));
  EXPECT_EQ(asked->operation, kArpRequest);
  EXPECT_EQ(asked->target_ip, 0x0a000010u);
  script.inject(arp_frame({kArpReply, {2, 0, 0, 0, 0, 5}, 0x0a000010, {}, kAddressA}));
  ASSERT_EQ(script.pending(), 1u);
  EXPECT_EQ(script.next()->header.flags, kSyn);
}

TEST(Neighbor, AHundredConnectionsWaitForOneAnswer) {
  TcpScript script([](StackOptions& options) { options.connections_max = 128; });
  for (int i = 0; i < 100; ++i)
    ASSERT_TRUE(script.stack->connect({IpAddress::from_v4(0x0a000010), 25}, 1));
  script.flush();
  EXPECT_EQ(script.other_frames.size(), 1u);
  script.inject(arp_frame({kArpReply, {2, 0, 0, 0, 0, 5}, 0x0a000010, {}, kAddressA}));
  EXPECT_EQ(script.pending(), 100u);
}

TEST(Neighbor, AHostThatDoesNotAnswerIsUnreachableAndItsFramesComeHome) {
  TcpScript script;
  auto connection = script.stack->connect({IpAddress::from_v4(0x0a000010), 25}, 1);
  script.pass(seconds(20));
  EXPECT_EQ((*connection)->state(), Connection::State::failed);
  EXPECT_EQ((*connection)->error(), NetError::unreachable);
  script.stack->release(**connection);
  script.pass(seconds(5));
  EXPECT_EQ(script.wire.port(0).pool().available(), script.wire.port(0).pool().capacity());
}

TEST(Neighbor, AnEntryThatIsUsedIsVerifiedByUnicast) {
  TcpScript script;
  Connection* connection = script.establish();
  script.pass(seconds(6));  // STALE, DELAY, PROBE
  ASSERT_EQ(script.other_frames.size(), 1u);
  EXPECT_EQ(parse_ethernet(script.other_frames[0])->destination, (MacAddress{2, 0, 0, 0, 0, 1}));
  script.pass(seconds(10));
  connection->write(as_bytes("x"));
  script.pass(seconds(6));
  EXPECT_EQ(script.other_frames.size(), 1u);  // it has answered
}

TEST(Neighbor, AnEntryThatDoesNotAnswerProbesIsLookedForAgain) {
  TcpScript script;
  script.establish();
  script.peer_is_gone = true;
  script.pass(seconds(6));
  script.pass(seconds(4));
  EXPECT_EQ(script.other_frames.size(), 3u);
  script.sent.clear();
  script.peer({.flags = kSyn, .seq = 9, .remote_port = 50'000});
  EXPECT_EQ(script.pending(), 0u);
  EXPECT_EQ(parse_ethernet(script.other_frames.at(3))->destination, kBroadcastMac);
}

}  // namespace sluice::net::test
