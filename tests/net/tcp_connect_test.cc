#include <gtest/gtest.h>

#include <set>

#include "engine/net/tcp/flow_table.h"
#include "engine/net/tcp/isn.h"
#include "engine/net/tcp/state.h"
#include "engine/net/tcp/tcp.h"
#include "engine/net/wire/ipv4.h"
#include "tests/support/tcp_script.h"

namespace sluice::net::test {
namespace {

const Endpoint kPeer{IpAddress::from_v4(kAddressB), 2'525};

Connection& connect(TcpScript& script) {
  auto connection = script.stack->connect(kPeer, 9);
  EXPECT_TRUE(connection);
  script.flush();
  return **connection;
}

PeerSegment answer_to(const Sent& syn, std::uint8_t flags) {
  return {.flags = flags,
          .seq = 5'000,
          .ack = syn.header.sequence + 1,
          .local_port = syn.header.source_port,
          .remote_port = kPeer.port};
}

}  // namespace

TEST(TcpConnect, OpensWithThreePacketsAndIsShownOnce) {
  TcpScript script;
  Connection& connection = connect(script);
  EXPECT_EQ(connection.state(), Connection::State::opening);
  EXPECT_EQ(connection.owner, 9u);
  EXPECT_EQ(connection.listener, UINT32_MAX);
  const auto syn = script.next();
  script.peer(answer_to(*syn, kSyn | kAck));
  EXPECT_EQ(script.stack->next_ready(), &connection);
  EXPECT_EQ(script.stack->next_ready(), nullptr);
  EXPECT_EQ(connection.state(), Connection::State::open);
  const auto ack = script.next();
  EXPECT_EQ(ack->header.flags, kAck);
  EXPECT_EQ(ack->header.acknowledgment, 5'001u);
}

TEST(TcpConnect, ARstToOurSynIsRefused) {
  TcpScript script;
  Connection& connection = connect(script);
  script.peer(answer_to(*script.next(), kRst | kAck));
  EXPECT_EQ(connection.state(), Connection::State::failed);
  EXPECT_EQ(connection.error(), NetError::refused);
  EXPECT_EQ(script.stack->next_ready(), &connection);
  script.stack->release(connection);
  EXPECT_EQ(script.stack->open_connections(), 0u);
}

TEST(TcpConnect, ARstThatDoesNotAcknowledgeOurSynIsIgnored) {
  TcpScript script;
  Connection& connection = connect(script);
  auto forged = answer_to(*script.next(), kRst | kAck);
  forged.ack += 1;
  script.peer(forged);
  forged.flags = kRst;
  script.peer(forged);
  EXPECT_EQ(connection.state(), Connection::State::opening);
}

TEST(TcpConnect, SilenceTimesOutAfterTheRetries) {
  TcpScript script([](StackOptions& options) { options.syn_retries = 2; });
  Connection& connection = connect(script);
  script.pass(seconds(8));
  EXPECT_EQ(connection.error(), NetError::timed_out);
  EXPECT_EQ(script.pending(), 3u);
}

TEST(TcpConnect, BothMayOpenAtOnce) {  // RFC 9293 figure 8
  TcpScript script;
  Connection& connection = connect(script);
  const auto syn = script.next();
  script.peer({.flags = kSyn,
               .seq = 5'000,
               .local_port = syn->header.source_port,
               .remote_port = kPeer.port});
  const auto syn_ack = script.next();
  ASSERT_TRUE(syn_ack);
  EXPECT_EQ(syn_ack->header.flags, kSyn | kAck);
  EXPECT_EQ(syn_ack->header.sequence, syn->header.sequence);
  auto last = answer_to(*syn, kAck);
  last.seq = 5'001;
  script.peer(last);
  EXPECT_EQ(connection.state(), Connection::State::open);
}

TEST(TcpConnect, WhenBothOpenAtOnceTheSynAckAloneEstablishes) {  // RFC 9293 figure 8, line 6
  TcpScript script;
  Connection& connection = connect(script);
  const auto syn = script.next();
  auto from_peer = answer_to(*syn, kSyn);
  script.peer(from_peer);
  script.sent.clear();
  script.peer(answer_to(*syn, kSyn | kAck));
  EXPECT_EQ(connection.state(), Connection::State::open);
}

TEST(TcpConnect, TextWithASynThatMeetsOursIsReadOnceEstablished) {  // RFC 9293 3.10.7.3
  TcpScript script;
  Connection& connection = connect(script);
  const auto syn = script.next();
  auto with_text = answer_to(*syn, kSyn);
  with_text.payload = "early";
  script.peer(with_text);
  EXPECT_EQ(script.next()->header.acknowledgment, 5'001u);
  EXPECT_TRUE(connection.readable().empty());
  auto last = answer_to(*syn, kAck);
  last.seq = 5'006;
  script.peer(last);
  EXPECT_EQ(as_text(connection.readable()), "early");
}

TEST(TcpConnect, ACloseBeforeTheHandshakeEndsIsObeyedAfterIt) {
  TcpScript script;
  Connection& connection = connect(script);
  const auto syn = script.next();
  script.peer(answer_to(*syn, kSyn));  // both open at once
  connection.close();
  script.flush();
  script.sent.clear();
  auto last = answer_to(*syn, kAck);
  last.seq = 5'001;
  script.peer(last);
  ASSERT_EQ(script.pending(), 1u);
  EXPECT_EQ(script.sent[0].header.flags, kFin | kAck);
  EXPECT_EQ(static_cast<tcp::Tcb&>(connection).tcp_state, tcp::TcpState::fin_wait_1);
}

TEST(TcpConnect, DataAndFinMayComeWithTheSynAck) {  // RFC 9293 3.10.7.3
  TcpScript script;
  Connection& connection = connect(script);
  auto answer = answer_to(*script.next(), kSyn | kAck | kFin);
  answer.payload = "421 busy";
  script.peer(answer);
  EXPECT_EQ(as_text(connection.readable()), "421 busy");
  EXPECT_EQ(script.next()->header.acknowledgment, 5'000u + 1 + 8 + 1);
  connection.consume(8);
  EXPECT_TRUE(connection.read_finished());
}

TEST(TcpConnect, TheMssThatIsSetIsAnnouncedAndKept) {
  TcpScript script;
  tcp::Tcp& tcp = tcp_of(*script.stack);
  tcp::ConnectionOptions options = tcp.default_options();
  options.mss_max = 1'100;
  auto connection = tcp.connect(kPeer, 1, Endpoint{}, options);
  ASSERT_TRUE(connection);
  script.flush();
  const auto syn = script.next();
  EXPECT_EQ(syn->options.mss, 1'100);
  auto answer = answer_to(*syn, kSyn | kAck);
  answer.options.mss = 1'460;
  script.peer(answer);
  EXPECT_EQ((*connection)->mss, 1'100);
}

TEST(TcpConnect, WithoutARouteThePeerIsUnreachable) {
  TcpScript script;
  auto connection = script.stack->connect(*Endpoint::parse("192.0.2.1:25"), 1);
  ASSERT_FALSE(connection);
  EXPECT_EQ(connection.error(), NetError::unreachable);
}

TEST(TcpConnect, TheSourcePortIsOneWhoseRepliesReachThisCore) {
  TcpScript script([](StackOptions& options) { options.connections_max = 200; });
  script.wire.port(0).flow_filter = [](const Packet& reply) {
    return load16(reply.data + 36) % 16 == 5;  // destination port of the reply
  };
  std::set<std::uint16_t> ports;
  for (int i = 0; i < 100; ++i) {
    const Endpoint local = connect(script).local();
    EXPECT_EQ(local.port % 16, 5);
    ports.insert(local.port);
  }
  EXPECT_EQ(ports.size(), 100u);
}

TEST(TcpConnect, WhenNoPortReachesThisCoreItIsSaid) {
  TcpScript script;
  script.wire.port(0).flow_filter = [](const Packet&) { return false; };
  EXPECT_EQ(script.stack->connect(kPeer, 1).error(), NetError::no_resources);
  EXPECT_EQ(script.wire.port(0).pool().available(), script.wire.port(0).pool().capacity());
}

TEST(TcpIsn, GrowsWithTimeAndDiffersBetweenFlows) {
  const tcp::IsnGenerator isn(1, 2);
  tcp::FlowKey key{IpAddress::from_v4(1), IpAddress::from_v4(2), 25, 4'000};
  EXPECT_EQ(isn.next(key, Instant{} + seconds(1)) - isn.next(key, Instant{}), 250'000u);
  tcp::FlowKey other = key;
  other.remote_port = 4'001;
  EXPECT_NE(isn.next(key, Instant{}), isn.next(other, Instant{}));
  EXPECT_NE(isn.next(key, Instant{}), tcp::IsnGenerator(1, 3).next(key, Instant{}));
}

TEST(TcpIsn, SipHashGivesThePublishedVectors) {  // key 00 01 .. 0f, input 00 01 .. 07 and .. 0e
  constexpr std::uint64_t kKey0 = 0x0706050403020100;
  constexpr std::uint64_t kKey1 = 0x0f0e0d0c0b0a0908;
  const std::uint64_t words[] = {0x0706050403020100};
  EXPECT_EQ(tcp::siphash(kKey0, kKey1, words), 0x93f5f5799a932462u);
  EXPECT_EQ(tcp::siphash(kKey0, kKey1, words, 0x0e0d0c0b0a0908, 7), 0xa129ca6149be45e5u);
}

TEST(TcpFlowTable, FindsWhatWasInsertedAndNothingElse) {
  Random random(1);
  tcp::FlowTable table(64, random);
  std::vector<tcp::FlowNode> nodes(1'000);
  table.attach(tcp::FlowKind::time_wait, nodes.data(), sizeof nodes[0]);
  const auto ref = [](std::uint16_t i) { return tcp::FlowRef(tcp::FlowKind::time_wait, i); };
  for (std::uint16_t i = 0; i < 1'000; ++i) {
    nodes[i].key = {IpAddress::from_v4(1), IpAddress::from_v4(2), 25, i};
    EXPECT_FALSE(table.find(nodes[i].key));
    table.insert(ref(i));
  }
  for (std::uint16_t i = 0; i < 1'000; i += 2) table.erase(ref(i));
  for (std::uint16_t i = 0; i < 1'000; ++i)
    EXPECT_EQ(table.find(nodes[i].key), i % 2 == 0 ? tcp::FlowRef() : ref(i));
  EXPECT_EQ(table.size(), 500u);
}

TEST(TcpFlowTable, TheHashDependsOnTheSecret) {
  Random one(1), two(2);
  const tcp::FlowTable a(64, one), b(64, two);
  EXPECT_NE(a.hash({}), b.hash({}));
}

TEST(TcpStates, OnlyTheArrowsOfTheRfcAreAllowed) {
  using enum tcp::TcpState;
  EXPECT_TRUE(tcp::may_become(established, fin_wait_1));
  EXPECT_TRUE(tcp::may_become(last_ack, closed));
  EXPECT_FALSE(tcp::may_become(established, last_ack));
  EXPECT_FALSE(tcp::may_become(closed, established));
  EXPECT_FALSE(tcp::may_become(fin_wait_2, established));
}

}  // namespace sluice::net::test
