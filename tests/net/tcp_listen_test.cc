// LISTEN and SYN-RECEIVED (RFC 9293 3.10.7.2, 3.10.7.4), backlog and accept queue.
#include <gtest/gtest.h>

#include "engine/net/tcp/tcp.h"
#include "tests/support/tcp_script.h"

namespace sluice::net::test {
namespace {

const Endpoint kAny{IpAddress{}, 2'525};

PeerSegment to_2525(PeerSegment segment, std::uint16_t remote_port) {
  segment.local_port = kAny.port;
  segment.remote_port = remote_port;
  return segment;
}

// A whole handshake of the peer's with port 2525.
void open_from(TcpScript& script, std::uint16_t remote_port) {
  script.peer(to_2525({.flags = kSyn, .seq = 100}, remote_port));
  if (script.sent.empty()) return;
  const auto syn_ack = script.next();
  script.peer(to_2525({.seq = 101, .ack = syn_ack->header.sequence + 1}, remote_port));
}

void listen(tcp::Tcp& tcp, std::uint32_t backlog) {
  ASSERT_TRUE(tcp.listen({kAny, 3, backlog, tcp.default_options()}));
}

}  // namespace

TEST(TcpListen, ASynWithFinOpensAndOnlyTheSynIsAcknowledged) {
  TcpScript script;
  script.peer({.flags = kSyn | kFin, .seq = 100, .payload = "early"});
  const auto syn_ack = script.next();
  ASSERT_TRUE(syn_ack);
  EXPECT_EQ(syn_ack->header.flags, kSyn | kAck);
  EXPECT_EQ(syn_ack->header.acknowledgment, 101u);
  script.peer({.seq = 101, .ack = syn_ack->header.sequence + 1, .payload = "early"});
  EXPECT_EQ(as_text(script.stack->next_ready()->readable()), "early");
}

TEST(TcpListen, WhatIsNoSynIsResetOrIgnored) {
  TcpScript script;
  script.peer({.flags = kAck, .seq = 100, .ack = 7});
  ASSERT_EQ(script.pending(), 1u);
  EXPECT_EQ(script.sent[0].header.flags, kRst);
  EXPECT_EQ(script.next()->header.sequence, 7u);
  script.peer({.flags = kRst, .seq = 100});
  script.peer({.flags = kSyn | kRst, .seq = 100});
  script.peer({.flags = kFin, .seq = 100});
  script.peer({.flags = 0, .seq = 100});
  EXPECT_EQ(script.pending(), 0u);
}

TEST(TcpListen, ARepeatedSynGetsTheSameSynAckAndANewOneBeginsAgain) {
  TcpScript script;
  script.peer({.flags = kSyn, .seq = 100});
  const auto first = script.next();
  script.peer({.flags = kSyn, .seq = 100});
  EXPECT_EQ(script.next()->header.sequence, first->header.sequence);
  script.peer({.flags = kSyn, .seq = 200});  // in the window: the peer has begun again
  const auto again = script.next();
  EXPECT_EQ(again->header.flags, kSyn | kAck);
  EXPECT_EQ(again->header.acknowledgment, 201u);
  EXPECT_EQ(stack_counters(*script.stack).half_open, 1u);
}

TEST(TcpListen, AResetReturnsAHalfOpenConnectionToListen) {  // RFC 5961 3.2
  TcpScript script;
  script.peer({.flags = kSyn, .seq = 100});
  script.sent.clear();
  script.peer({.flags = kRst, .seq = 100});  // outside the window
  EXPECT_EQ(script.pending(), 0u);
  script.peer({.flags = kRst, .seq = 150});  // inside, but not exact
  ASSERT_EQ(script.pending(), 1u);
  EXPECT_EQ(script.next()->header.flags, kAck);
  EXPECT_EQ(stack_counters(*script.stack).half_open, 1u);
  script.peer({.flags = kRst, .seq = 101});
  EXPECT_EQ(script.stack->open_connections(), 0u);
  EXPECT_EQ(script.stack->next_ready(), nullptr);
}

TEST(TcpListen, AnAckOfSomethingElseInSynReceivedIsReset) {  // RFC 9293 3.10.7.4 fifth
  TcpScript script;
  script.peer({.flags = kSyn, .seq = 100});
  const auto syn_ack = script.next();
  const std::uint32_t wrong = syn_ack->header.sequence + 2;
  script.peer({.seq = 101, .ack = wrong});
  ASSERT_EQ(script.pending(), 1u);
  EXPECT_EQ(script.sent[0].header.flags, kRst);
  EXPECT_EQ(script.sent[0].header.sequence, wrong);
  EXPECT_EQ(stack_counters(*script.stack).half_open, 1u);
}

TEST(TcpListen, AFullAcceptQueueDropsTheLastAckAndTheSynsUntilThereIsRoom) {
  TcpScript script;
  tcp::Tcp& tcp = tcp_of(*script.stack);
  listen(tcp, 1);
  script.peer(to_2525({.flags = kSyn, .seq = 100}, 5'003));  // in time, but slow
  const auto slow = script.next();
  open_from(script, 5'001);
  open_from(script, 5'002);
  script.peer(to_2525({.seq = 101, .ack = slow->header.sequence + 1}, 5'003));
  script.peer(to_2525({.flags = kSyn, .seq = 100}, 5'004));
  EXPECT_EQ(script.pending(), 0u);
  EXPECT_EQ(stack_counters(*script.stack).dropped_accept_queue, 2u);
  EXPECT_EQ(tcp.accept(3)->remote().port, 5'001);
  script.peer(to_2525({.seq = 101, .ack = slow->header.sequence + 1}, 5'003));
  EXPECT_EQ(tcp.accept(3)->remote().port, 5'002);
  EXPECT_EQ(tcp.accept(3)->remote().port, 5'003);
  EXPECT_EQ(tcp.accept(3), nullptr);
}

TEST(TcpListen, AConnectionResetBeforeAnybodyTookItIsForgotten) {
  TcpScript script;
  tcp::Tcp& tcp = tcp_of(*script.stack);
  listen(tcp, 1);
  open_from(script, 5'001);
  script.peer(to_2525({.flags = kRst, .seq = 101}, 5'001));
  EXPECT_EQ(tcp.accept(3), nullptr);
  EXPECT_EQ(script.stack->open_connections(), 0u);
  EXPECT_EQ(tcp.listener_at(kAny)->waiting, 0u);
}

TEST(TcpListen, ClosingAListenerResetsWhatNobodyTookAndForgetsWhatIsHalfOpen) {
  TcpScript script;
  tcp::Tcp& tcp = tcp_of(*script.stack);
  listen(tcp, 8);
  open_from(script, 5'001);
  script.peer(to_2525({.flags = kSyn, .seq = 100}, 5'002));
  script.sent.clear();
  tcp.stop_listening(3);
  script.flush();
  ASSERT_EQ(script.pending(), 1u);
  EXPECT_TRUE(script.sent[0].header.has(kRst));
  EXPECT_EQ(script.sent[0].header.destination_port, 5'001);
  EXPECT_EQ(script.stack->open_connections(), 0u);
}

TEST(TcpListen, TheExactAddressGoesBeforeTheUnspecifiedOne) {
  tcp::ListenerTable table;
  const IpAddress exact = IpAddress::from_v4(kAddressA);
  EXPECT_TRUE(table.add({.local = {IpAddress{}, 25}, .tag = 6}));
  EXPECT_TRUE(table.add({.local = {IpAddress::from_v4(0), 25}, .tag = 4}));
  EXPECT_TRUE(table.add({.local = {exact, 25}, .tag = 1}));
  EXPECT_FALSE(table.add({.local = {exact, 25}, .tag = 9}));
  EXPECT_EQ(table.find(exact, 25)->tag, 1u);
  EXPECT_EQ(table.find(IpAddress::from_v4(kAddressB), 25)->tag, 4u);
  EXPECT_EQ(table.find(*IpAddress::parse("2001:db8::1"), 25)->tag, 6u);
  EXPECT_EQ(table.find(exact, 26), nullptr);
}

TEST(TcpListen, AnEndpointIsInUseByListenersConnectionsAndTimeWait) {
  TcpScript script;
  tcp::Tcp& tcp = tcp_of(*script.stack);
  EXPECT_TRUE(tcp.in_use({IpAddress::from_v4(kAddressA), 25}, true));
  const Endpoint local{IpAddress::from_v4(kAddressA), 7'000};
  EXPECT_FALSE(tcp.in_use(local, false));
  const Endpoint peer{IpAddress::from_v4(kAddressB), 9'000};
  auto connection = tcp.connect(peer, 1, local, tcp.default_options());
  ASSERT_TRUE(connection);
  EXPECT_EQ((*connection)->local(), local);
  EXPECT_TRUE(tcp.in_use(local, false));
  EXPECT_FALSE(tcp.in_use(local, true));
  EXPECT_EQ(tcp.connect(peer, 2, local, tcp.default_options()).error(), NetError::in_use);
}

}  // namespace sluice::net::test
