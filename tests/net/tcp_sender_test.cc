// What else decides about a segment: marks of congestion, gathering, the path's MTU, keep-alive.
#include <gtest/gtest.h>

#include "engine/net/tcp/tcp.h"
#include "tests/support/tcp_script.h"

namespace sluice::net::test {
namespace {

void write_octets(Connection& connection, std::size_t count) {
  connection.write(as_bytes(std::string(count, 'x')));
}

tcp::Tcb& tcb_of(Connection& connection) { return static_cast<tcp::Tcb&>(connection); }

// A connection of a peer that speaks ECN, opened with the flags of RFC 3168 6.1.1.
Connection* establish_with_ecn(TcpScript& script) {
  script.peer({.flags = kSyn | kEce | kCwr, .seq = 999, .options = {.mss = 1'000}});
  const auto syn_ack = script.next();
  EXPECT_EQ(syn_ack->header.flags, kSyn | kAck | kEce);
  script.seq = 1'000;
  script.ack = syn_ack->header.sequence + 1;
  script.peer({.seq = script.seq, .ack = script.ack});
  script.sent.clear();
  return script.stack->next_ready();
}

// ICMP says that the segment that began at `sequence` does not pass.
void too_big(TcpScript& script, std::uint32_t sequence, std::uint32_t mtu) {
  IpError error{.kind = IpError::Kind::packet_too_big, .protocol = kProtocolTcp, .mtu = mtu};
  error.local = IpAddress::from_v4(kAddressA);
  error.remote = IpAddress::from_v4(kAddressB);
  error.local_port = 25;
  error.remote_port = 40'000;
  error.sequence = sequence;
  tcp_of(*script.stack).error_in(error);
  script.flush();
}

void allow_ecn(StackOptions& options) { options.ecn = true; }
void use_nagle(StackOptions& options) { options.no_delay = false; }

}  // namespace

TEST(TcpEcn, WithoutTheOptionNothingIsNegotiated) {
  TcpScript script;
  script.peer({.flags = kSyn | kEce | kCwr, .seq = 1});
  EXPECT_EQ(script.next()->header.flags, kSyn | kAck);
}

TEST(TcpEcn, AMarkIsEchoedUntilTheSenderHasSlowedDown) {  // RFC 3168 6.1.3
  TcpScript script(allow_ecn);
  establish_with_ecn(script);
  auto echoes = [&](PeerSegment segment) {
    segment.ack = script.ack;
    segment.seq = script.seq++;
    segment.payload = "x";
    script.peer(segment);
    script.pass(milliseconds(50));  // a delayed ACK
    return script.next()->header.has(kEce);
  };
  EXPECT_FALSE(echoes({}));
  EXPECT_TRUE(echoes({.ecn = kEcnCe}));
  EXPECT_TRUE(echoes({}));
  EXPECT_FALSE(echoes({.flags = kAck | kCwr}));
}

TEST(TcpEcn, AnEchoReducesTheWindowOncePerRoundTripAndIsAnswered) {  // 6.1.2
  TcpScript script(allow_ecn);
  Connection* connection = establish_with_ecn(script);
  write_octets(*connection, 20'000);
  script.flush();
  script.sent.clear();
  for (std::uint32_t i = 1; i <= 10; ++i)
    script.peer({.flags = kAck | kEce, .seq = script.seq, .ack = script.ack + i * 1'000});
  EXPECT_EQ(tcb_of(*connection).congestion.threshold(), 7'000u);
  EXPECT_EQ(tcb_of(*connection).congestion.window(), 7'000u);
  ASSERT_GE(script.pending(), 2u);
  EXPECT_TRUE(script.next()->header.has(kCwr));
  EXPECT_FALSE(script.next()->header.has(kCwr));
}

TEST(TcpEcn, DataIsMarkedAsCapableAndAcksAreNot) {
  TcpScript script(allow_ecn);
  Connection* connection = establish_with_ecn(script);
  write_octets(*connection, 100);
  script.flush();
  EXPECT_EQ(script.next()->ecn, kEcnEct0);
  script.pass(milliseconds(1'100));
  EXPECT_EQ(script.next()->ecn, 0);  // sent again
  script.sent.clear();
  script.peer({.seq = script.seq, .ack = script.ack + 100, .payload = "x"});
  EXPECT_EQ(script.next()->ecn, 0);
}

TEST(TcpGather, NaglesAlgorithmHoldsASmallSegmentWhileDataIsOutstanding) {  // RFC 9293 3.7.4
  TcpScript script(use_nagle);
  Connection* connection = script.establish();
  write_octets(*connection, 10);
  script.flush();
  EXPECT_EQ(script.pending(), 1u);
  write_octets(*connection, 1'010);
  script.flush();
  EXPECT_EQ(script.pending(), 2u);  // the full one leaves, the rest waits
  script.sent.clear();
  script.peer({.seq = script.seq, .ack = script.ack + 1'010});
  ASSERT_EQ(script.pending(), 1u);
  EXPECT_EQ(script.next()->payload.size(), 10u);
}

TEST(TcpGather, WithoutItEverythingLeavesAtTheFlush) {
  TcpScript script;
  Connection* connection = script.establish();
  for (int i = 0; i < 3; ++i) {
    write_octets(*connection, 10);
    script.flush();
  }
  EXPECT_EQ(script.pending(), 3u);
}

TEST(TcpGather, TheLastSegmentBeforeTheFinDoesNotWait) {
  TcpScript script(use_nagle);
  Connection* connection = script.establish();
  write_octets(*connection, 10);
  script.flush();
  write_octets(*connection, 10);
  connection->close();
  script.flush();
  ASSERT_EQ(script.pending(), 2u);
}

TEST(TcpGather, WhatFollowsTheHintThatMoreIsComingSharesItsSegment) {
  TcpScript script;
  Connection* connection = script.establish();
  tcp::Tcp& tcp = tcp_of(*script.stack);
  tcp.set_cork(tcb_of(*connection), true);
  write_octets(*connection, 300);
  script.flush();
  EXPECT_EQ(script.pending(), 0u);
  tcp.set_cork(tcb_of(*connection), false);
  write_octets(*connection, 300);
  script.flush();
  ASSERT_EQ(script.pending(), 1u);
  EXPECT_EQ(script.next()->payload.size(), 600u);
}

TEST(TcpGather, TheHintHoldsFor200Milliseconds) {
  TcpScript script;
  Connection* connection = script.establish();
  tcp_of(*script.stack).set_cork(tcb_of(*connection), true);
  write_octets(*connection, 300);
  script.pass(milliseconds(199));
  EXPECT_EQ(script.pending(), 0u);
  script.pass(milliseconds(2));
  EXPECT_EQ(script.pending(), 1u);
}

TEST(TcpPathMtu, SegmentsThatDoNotPassAreCutAndSentAgainAtOnce) {  // RFC 1191
  TcpScript script;
  Connection* connection = script.establish({.mss = 1'460});
  write_octets(*connection, 2'920);
  script.flush();
  script.sent.clear();
  too_big(script, script.ack, 1'000);
  ASSERT_EQ(script.pending(), 4u);
  EXPECT_EQ(script.next()->payload.size(), 960u);
  EXPECT_EQ(tcb_of(*connection).congestion.window(), 14'600u);  // it is no congestion
}

TEST(TcpPathMtu, AnErrorAboutWhatIsNotInFlightIsIgnored) {  // RFC 5927 4.1
  for (const std::uint32_t offset : {UINT32_MAX, 2'920u, 1u << 30}) {
    TcpScript script;
    Connection* connection = script.establish({.mss = 1'460});
    write_octets(*connection, 2'920);
    script.flush();
    script.sent.clear();
    too_big(script, script.ack + offset, 1'000);
    EXPECT_EQ(script.pending(), 0u);
    EXPECT_EQ(tcb_of(*connection).mss, 1'460u);
  }
}

TEST(TcpPathMtu, NoErrorMakesSegmentsSmallerThanTheFloor) {
  TcpScript script;
  Connection* connection = script.establish({.mss = 1'460});
  write_octets(*connection, 1'460);
  script.flush();
  too_big(script, script.ack, 68);
  EXPECT_EQ(tcb_of(*connection).mss, 512u);
}

TEST(TcpPathMtu, TimeoutsOfLargeSegmentsAreTriedSmaller) {  // RFC 4821 7.6.2
  TcpScript script;
  Connection* connection = script.establish({.mss = 1'460});
  write_octets(*connection, 1'460);
  script.pass(seconds(8));  // three timeouts: 1, 2 and 4 s
  std::size_t smallest = 1'460;
  while (const auto segment = script.next()) smallest = std::min(smallest, segment->payload.size());
  EXPECT_EQ(smallest, 1'024u);
}

TEST(TcpKeepAlive, ASilentPeerIsProbedAndThenGivenUp) {  // RFC 9293 3.8.4
  TcpScript script([](StackOptions& options) { options.keep_alive = seconds(60); });
  Connection* connection = script.establish();
  script.pass(milliseconds(59'900));
  EXPECT_EQ(script.pending(), 0u);
  script.pass(milliseconds(200));
  ASSERT_EQ(script.pending(), 1u);
  EXPECT_EQ(script.next()->header.sequence, script.ack - 1);
  script.peer({.seq = script.seq, .ack = script.ack});  // it lives
  script.pass(milliseconds(59'000));
  EXPECT_EQ(script.pending(), 0u);
  script.pass(seconds(60 + 9 * 75));
  EXPECT_EQ(connection->error(), NetError::timed_out);
}

TEST(TcpKeepAlive, WithoutTheOptionASilentPeerIsNotAsked) {
  TcpScript script;
  script.establish();
  script.pass(hours(1));
  EXPECT_EQ(script.pending(), 0u);
}

}  // namespace sluice::net::test
