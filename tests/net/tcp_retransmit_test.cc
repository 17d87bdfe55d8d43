#include <gtest/gtest.h>

#include "tests/support/tcp_script.h"

namespace sluice::net::test {
namespace {

Connection* writer(TcpScript& script, std::size_t segments) {
  Connection* connection = script.establish({.mss = 1'000});
  connection->write(as_bytes(std::string(segments * 1'000, 'x')));
  script.flush();
  EXPECT_EQ(script.pending(), segments);
  script.sent.clear();
  return connection;
}

}  // namespace

TEST(TcpRetransmit, ThreeDuplicateAcksRetransmitTheFirstUnacknowledged) {
  TcpScript script;
  writer(script, 8);
  for (int i = 0; i < 2; ++i) script.peer({.seq = script.seq, .ack = script.ack});
  EXPECT_EQ(script.pending(), 0u);
  script.peer({.seq = script.seq, .ack = script.ack});
  ASSERT_EQ(script.pending(), 1u);
  EXPECT_EQ(script.next()->header.sequence, script.ack);
}

TEST(TcpRetransmit, APartialAckInRecoveryRetransmitsTheNextHole) {  // RFC 6582
  TcpScript script;
  writer(script, 8);
  for (int i = 0; i < 3; ++i) script.peer({.seq = script.seq, .ack = script.ack});
  script.sent.clear();
  script.peer({.seq = script.seq, .ack = script.ack + 3'000});
  ASSERT_EQ(script.pending(), 1u);
  EXPECT_EQ(script.next()->header.sequence, script.ack + 3'000);
  script.peer({.seq = script.seq, .ack = script.ack + 8'000});
  EXPECT_EQ(script.pending(), 0u);
}

TEST(TcpRetransmit, DuplicateAcksLetOutNewSegments) {  // Limited Transmit, RFC 3042
  TcpScript script;
  Connection* connection = writer(script, 10);
  connection->write(as_bytes(std::string(5'000, 'y')));
  script.flush();
  EXPECT_EQ(script.pending(), 0u);
  script.peer({.seq = script.seq, .ack = script.ack});
  script.peer({.seq = script.seq, .ack = script.ack});
  ASSERT_EQ(script.pending(), 2u);
  EXPECT_EQ(script.next()->header.sequence, script.ack + 10'000);
}

TEST(TcpRetransmit, TimeoutsDoubleUntilTheUserTimeout) {
  TcpScript script([](StackOptions& options) { options.user_timeout = seconds(60); });
  Connection* connection = writer(script, 2);
  std::vector<Instant> times;
  for (int i = 0; i < 130'000 && connection->state() == Connection::State::open; ++i) {
    script.pass(milliseconds(1));
    for (; script.pending() > 0; script.sent.clear()) times.push_back(script.now);
  }
  EXPECT_EQ(connection->error(), NetError::timed_out);
  ASSERT_GE(times.size(), 6u);
  for (std::size_t i = 2; i < times.size(); ++i) {
    const auto ratio = static_cast<double>((times[i] - times[i - 1]).ns) /
                       static_cast<double>((times[i - 1] - times[i - 2]).ns);
    EXPECT_NEAR(ratio, 2.0, 0.02);
  }
}

TEST(TcpRetransmit, APacketThatTheDeviceStillHoldsIsCopied) {
  TcpScript script;
  script.wire.set_options({.transmit_hold = minutes(1)});
  writer(script, 1);
  const std::size_t before = script.wire.port(0).pool().available();
  script.pass(milliseconds(300));
  ASSERT_EQ(script.pending(), 1u);
  EXPECT_EQ(script.next()->payload, std::string(1'000, 'x'));
  EXPECT_EQ(script.wire.port(0).pool().available(), before - 1);
}

TEST(TcpRetransmit, APacketThatCameHomeIsSentAgainWithoutACopy) {
  TcpScript script;
  writer(script, 1);
  const std::size_t before = script.wire.port(0).pool().available();
  script.pass(milliseconds(300));
  ASSERT_EQ(script.pending(), 1u);
  EXPECT_EQ(script.wire.port(0).pool().available(), before);
}

TEST(TcpRetransmit, ASynAckIsRepeatedAndThenForgotten) {
  TcpScript script([](StackOptions& options) { options.syn_retries = 3; });
  script.peer({.flags = kSyn, .seq = 1});
  script.pass(seconds(40));
  EXPECT_EQ(script.pending(), 4u);
  EXPECT_EQ(script.stack->open_connections(), 0u);
}

TEST(TcpRetransmit, TheFinIsRepeatedUntilItIsAcknowledged) {
  TcpScript script;
  Connection* connection = script.establish();
  connection->close();
  script.flush();
  EXPECT_TRUE(script.next()->header.has(kFin));
  script.pass(milliseconds(1'500));
  ASSERT_GE(script.pending(), 1u);
  EXPECT_TRUE(script.next()->header.has(kFin));
  script.sent.clear();
  script.peer({.seq = script.seq, .ack = script.ack + 1});
  script.pass(seconds(10));
  EXPECT_EQ(script.pending(), 0u);
}

}  // namespace sluice::net::test
