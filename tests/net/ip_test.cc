#include <gtest/gtest.h>

#include "engine/net/reassembly.h"
#include "engine/net/wire/ethernet.h"
#include "engine/net/wire/icmp.h"
#include "tests/support/tcp_script.h"

namespace sluice::net::test {
namespace {

// Fragments of a datagram whose octets are 0, 1, 2, …
class Fragments {
 public:
  ArenaPool pool{256};
  Reassembly reassembly{pool};
  Instant now = Instant{} + seconds(1);

  PacketPtr add(std::uint16_t id, std::uint16_t from, std::uint16_t to, bool more,
                std::uint8_t shift = 0) {
    PacketPtr packet(pool.allocate());
    packet->length = kIpv4HeaderLength + to - from;
    for (std::uint16_t i = from; i < to; ++i)
      packet->data[kIpv4HeaderLength + i - from] = static_cast<std::uint8_t>(i + shift);
    Ipv4Header header{.total_length = static_cast<std::uint16_t>(packet->length),
                      .identification = id,
                      .more_fragments = more,
                      .fragment_offset = from,
                      .protocol = 6,
                      .source = 1,
                      .destination = 2};
    return reassembly.add(std::move(packet), header, now);
  }
};

bool counts_up(const Packet& packet) {
  for (std::uint32_t i = 0; i < packet.length; ++i)
    if (packet.data[i] != static_cast<std::uint8_t>(i)) return false;
  return true;
}

std::vector<std::uint8_t> echo_request(std::size_t size) {
  std::vector<std::uint8_t> icmp(kIcmpHeaderLength + size, 0x5a);
  icmp[0] = kIcmpEchoRequest;
  icmp[1] = 0;
  store16(icmp.data() + 2, 0);
  store16(icmp.data() + 2, internet_checksum(icmp));
  return icmp;
}

}  // namespace

TEST(Reassembly, FragmentsInAnyOrderMakeTheDatagram) {
  const std::array<std::array<int, 3>, 6> orders = {
      {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}}};
  for (const auto& order : orders) {
    Fragments fragments;
    PacketPtr whole;
    for (int i : order) {
      EXPECT_FALSE(whole);
      const auto from = static_cast<std::uint16_t>(i * 400);
      whole =
          fragments.add(9, from, i == 2 ? 1'001 : static_cast<std::uint16_t>(from + 400), i != 2);
    }
    ASSERT_TRUE(whole);
    EXPECT_EQ(whole->length, 1'001u);
    EXPECT_TRUE(counts_up(*whole));
    whole.reset();
    EXPECT_EQ(fragments.pool.available(), 256u);
  }
}

TEST(Reassembly, AnOverlapInPartCondemnsTheDatagram) {
  Fragments fragments;
  EXPECT_FALSE(fragments.add(9, 0, 400, true));
  EXPECT_FALSE(fragments.add(9, 392, 800, true, 1));
  EXPECT_FALSE(fragments.add(9, 400, 800, false));
  EXPECT_EQ(fragments.pool.available(), 256u);
}

TEST(Reassembly, ARepeatedFragmentIsIgnored) {
  Fragments fragments;
  EXPECT_FALSE(fragments.add(9, 0, 400, true));
  EXPECT_FALSE(fragments.add(9, 0, 400, true, 1));
  const PacketPtr whole = fragments.add(9, 400, 500, false);
  ASSERT_TRUE(whole);
  EXPECT_TRUE(counts_up(*whole));
}

TEST(Reassembly, WhatContradictsTheEndIsRefused) {
  Fragments fragments;
  EXPECT_FALSE(fragments.add(9, 400, 500, false));
  EXPECT_FALSE(fragments.add(9, 504, 600, false));  // a second, other end
  EXPECT_FALSE(fragments.add(9, 0, 400, true));
  EXPECT_FALSE(fragments.add(8, 0, 3, true));           // not a multiple of 8
  EXPECT_FALSE(fragments.add(7, 2'040, 2'060, false));  // beyond what a packet holds
}

TEST(Reassembly, UnfinishedDatagramsAreLimitedAndExpire) {
  Fragments fragments;
  for (std::uint16_t id = 0; id < 500; ++id) fragments.add(id, 0, 400, true);
  EXPECT_EQ(fragments.reassembly.in_progress(), kReassembliesMax);
  EXPECT_EQ(fragments.pool.available(), 256u - kReassembliesMax);
  fragments.reassembly.expire(fragments.now + kReassemblyTime);
  EXPECT_EQ(fragments.pool.available(), 256u);
}

TEST(IpInput, AnArpRequestForOurAddressIsAnswered) {
  TcpScript script;
  script.inject(arp_frame({kArpRequest, {2, 0, 0, 0, 0, 5}, 0x0a000005, {}, kAddressA}));
  ASSERT_EQ(script.other_frames.size(), 1u);
  const auto reply = parse_arp(ByteView(script.other_frames[0]).subspan(kEthernetHeaderLength));
  EXPECT_EQ(reply->operation, kArpReply);
  EXPECT_EQ(reply->sender_ip, kAddressA);
  EXPECT_EQ(reply->target_ip, 0x0a000005u);
}

TEST(IpInput, AnEchoRequestIsAnsweredAndTheAnswersAreLimited) {
  TcpScript script;
  const auto frame = ipv4_frame({.protocol = kProtocolIcmp}, echo_request(100));
  script.inject(frame);
  ASSERT_EQ(script.other_frames.size(), 1u);
  const ByteView reply = ByteView(script.other_frames[0]).subspan(34);
  EXPECT_EQ(reply[0], kIcmpEchoReply);
  EXPECT_EQ(checksum_sum(reply), 0xffff);
  for (int i = 0; i < 3'000; ++i) script.inject(frame);
  EXPECT_LE(script.other_frames.size(), 1'001u);
}

TEST(IpInput, PacketsOfImpossibleSourcesAreDropped) {
  for (std::uint32_t source : {0x7f000001u, 0xe0000001u, 0xffffffffu, 0x00000001u, kAddressA}) {
    TcpScript script;
    script.inject(ipv4_frame({.protocol = kProtocolIcmp, .source = source}, echo_request(10)));
    EXPECT_TRUE(script.other_frames.empty()) << source;
  }
}

TEST(IpInput, APacketForAnotherHostIsIgnored) {
  TcpScript script;
  script.inject(
      ipv4_frame({.protocol = kProtocolIcmp, .destination = 0x0a000009}, echo_request(10)));
  EXPECT_TRUE(script.other_frames.empty());
}

TEST(IpInput, ATcpSegmentInFragmentsIsTaken) {
  TcpScript script;
  Connection* connection = script.establish();
  const std::string text(600, 'f');
  const auto frame = tcp_frame({.seq = script.seq, .ack = script.ack, .payload = text});
  const ByteView tcp = ByteView(frame).subspan(34);
  script.inject(ipv4_frame({.identification = 3,
                            .dont_fragment = false,
                            .fragment_offset = 320,
                            .protocol = kProtocolTcp},
                           tcp.subspan(320)));
  script.inject(ipv4_frame({.identification = 3,
                            .dont_fragment = false,
                            .more_fragments = true,
                            .protocol = kProtocolTcp},
                           tcp.first(320)));
  EXPECT_EQ(connection->readable().size(), 600u);
}

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

TEST(Neighbor, AnOldEntryIsAskedAgainWhileItIsUsed) {
  TcpScript script;
  Connection* connection = script.establish();
  script.pass(seconds(61));
  connection->write(as_bytes("x"));
  script.flush();
  EXPECT_EQ(script.pending(), 1u);
  EXPECT_EQ(script.other_frames.size(), 1u);
}

}  // namespace sluice::net::test
