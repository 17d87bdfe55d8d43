#include <gtest/gtest.h>

#include "engine/net/tcp/tcp.h"
#include "engine/net/wire/icmp.h"
#include "tests/support/tcp_script.h"

namespace sluice::net::test {
namespace {

std::size_t write_octets(Connection& connection, std::size_t count, char fill = 'x') {
  return connection.write(as_bytes(std::string(count, fill)));
}

}  // namespace

TEST(TcpOutput, TheAckRidesOnTheAnswerWrittenInTheSamePoll) {
  TcpScript script;
  Connection* connection = script.establish();
  script.peer_silently({.seq = script.seq, .ack = script.ack, .payload = "QUIT\r\n"});
  connection->write(as_bytes("221 2.0.0 Bye\r\n"));
  script.flush();
  ASSERT_EQ(script.pending(), 1u);
  const auto answer = script.next();
  EXPECT_EQ(answer->payload, "221 2.0.0 Bye\r\n");
  EXPECT_EQ(answer->header.acknowledgment, script.seq + 6);
  script.pass(milliseconds(100));
  EXPECT_EQ(script.pending(), 0u);
}

TEST(TcpOutput, WithoutAnAnswerTheAckWaitsForTheTimerOrTheSecondSegment) {
  TcpScript script([](StackOptions& options) { options.quick_ack = false; });
  script.establish();
  script.peer({.seq = script.seq, .ack = script.ack, .payload = "one"});
  EXPECT_EQ(script.pending(), 0u);
  script.pass(milliseconds(41));
  ASSERT_EQ(script.pending(), 1u);
  EXPECT_EQ(script.next()->header.acknowledgment, script.seq + 3);
  script.peer({.seq = script.seq + 3, .ack = script.ack, .payload = "two"});
  EXPECT_EQ(script.pending(), 0u);
  script.peer({.seq = script.seq + 6, .ack = script.ack, .payload = "six"});
  EXPECT_EQ(script.next()->header.acknowledgment, script.seq + 9);
}

TEST(TcpOutput, TheFirstSegmentsOfAConnectionAreAcknowledgedAtOnce) {
  TcpScript script;
  script.establish();
  const std::string segment(600, 'x');
  for (std::uint32_t i = 0; i <= tcp::kQuickAcks; ++i) {
    EXPECT_EQ(script.pending(), i);
    script.peer({.seq = script.seq + 600 * i, .ack = script.ack, .payload = segment});
  }
  EXPECT_EQ(script.pending(), tcp::kQuickAcks);
}

TEST(TcpOutput, AShortFirstSegmentIsARequestWhoseAnswerCarriesTheAck) {
  TcpScript script;
  Connection* connection = script.establish();
  script.peer({.seq = script.seq, .ack = script.ack, .payload = "EHLO"});
  EXPECT_EQ(script.pending(), 0u);
  connection->write(as_bytes("250"));
  script.flush();
  ASSERT_EQ(script.pending(), 1u);
  EXPECT_EQ(script.next()->header.acknowledgment, script.seq + 4);
  script.peer({.seq = script.seq + 4, .ack = script.ack + 3, .payload = "QUIT"});
  EXPECT_EQ(script.pending(), 1u);
}

TEST(TcpOutput, ASegmentPutTogetherFromSeveralIsAcknowledgedAtOnce) {
  TcpScript script([](StackOptions& options) { options.quick_ack = false; });
  script.establish();
  const std::string block(1'600, 'x');  // more than the 1460 that we announced
  script.peer({.seq = script.seq, .ack = script.ack, .payload = block});
  ASSERT_EQ(script.pending(), 1u);
  EXPECT_EQ(script.next()->header.acknowledgment, script.seq + 1'600);
}

TEST(TcpOutput, WhatIsWrittenInOnePollSharesSegmentsOfTheMss) {
  TcpScript script;
  Connection* connection = script.establish({.mss = 1'000});
  for (int i = 0; i < 25; ++i) write_octets(*connection, 100);
  script.flush();
  ASSERT_EQ(script.pending(), 3u);
  EXPECT_EQ(script.sent[0].payload.size(), 1'000u);
  EXPECT_EQ(script.sent[1].payload.size(), 1'000u);
  EXPECT_EQ(script.sent[2].payload.size(), 500u);
  EXPECT_TRUE(script.sent[2].header.has(kPsh));
}

TEST(TcpOutput, TheCongestionWindowHoldsBackWhatIsMoreThanTenSegments) {
  TcpScript script;
  Connection* connection = script.establish({.mss = 1'000});
  write_octets(*connection, 30'000);
  script.flush();
  EXPECT_EQ(script.pending(), 10u);
}

TEST(TcpOutput, AFullBufferTakesNoMoreAndTheWriterIsWokenWhenThereIsRoom) {
  TcpScript script([](StackOptions& options) { options.send_buffer = 4'000; });
  Connection* connection = script.establish({.mss = 1'000});
  EXPECT_EQ(write_octets(*connection, 10'000), 4'000u);
  EXPECT_EQ(connection->write_space(), 0u);
  script.flush();
  script.peer({.seq = script.seq, .ack = script.ack + 1'000});
  EXPECT_EQ(script.stack->next_ready(), nullptr);
  script.peer({.seq = script.seq, .ack = script.ack + 4'000});
  EXPECT_EQ(script.stack->next_ready(), connection);
  EXPECT_TRUE(connection->write_drained());
}

TEST(TcpOutput, AClosedWindowIsProbedAndAnOpenedOneUsed) {
  TcpScript script;
  Connection* connection = script.establish({.mss = 1'000}, 2'000);
  write_octets(*connection, 3'000);
  script.flush();
  EXPECT_EQ(script.pending(), 2u);
  script.sent.clear();
  script.peer({.seq = script.seq, .ack = script.ack + 2'000, .window = 0});
  EXPECT_EQ(script.pending(), 0u);
  script.pass(seconds(2));
  ASSERT_GE(script.pending(), 1u);
  EXPECT_EQ(script.next()->header.sequence, script.ack + 1'999);
  script.sent.clear();
  script.peer({.seq = script.seq, .ack = script.ack + 2'000, .window = 2'000});
  ASSERT_EQ(script.pending(), 1u);
  EXPECT_EQ(script.next()->payload.size(), 1'000u);
}

namespace {

// The peer answers once a second, and its window stays closed.
void answer_with_a_closed_window(TcpScript& script, int times) {
  for (int i = 0; i < times; ++i) {
    script.pass(seconds(1));
    script.peer({.seq = script.seq, .ack = script.ack, .window = 0});
  }
}

}  // namespace

TEST(TcpOutput, APeerThatAnswersMayKeepItsWindowClosed) {  // RFC 9293 3.8.6.1, MUST-37
  TcpScript script([](StackOptions& options) { options.user_timeout = seconds(30); });
  Connection* connection = script.establish({.mss = 1'000}, 0);
  write_octets(*connection, 1'000);
  answer_with_a_closed_window(script, 95);
  EXPECT_EQ(connection->state(), Connection::State::open);
}

TEST(TcpOutput, APeerThatDoesNotAnswerTheProbesIsGivenUpAfterTheUserTimeout) {
  TcpScript script([](StackOptions& options) { options.user_timeout = seconds(30); });
  Connection* connection = script.establish({.mss = 1'000}, 0);
  write_octets(*connection, 1'000);
  script.pass(milliseconds(29'900));
  EXPECT_EQ(connection->state(), Connection::State::open);
  script.pass(milliseconds(200));
  EXPECT_EQ(connection->error(), NetError::timed_out);
}

TEST(TcpOutput, AReleasedConnectionIsNotKeptByAClosedWindow) {
  TcpScript script([](StackOptions& options) { options.user_timeout = seconds(30); });
  Connection* connection = script.establish({.mss = 1'000}, 0);
  write_octets(*connection, 1'000);
  connection->close();
  script.stack->release(*connection);
  answer_with_a_closed_window(script, 35);
  EXPECT_EQ(script.stack->open_connections(), 0u);
}

TEST(TcpOutput, AClosedWindowIsProbedAlsoAfterClose) {  // in FIN-WAIT-1
  TcpScript script;
  Connection* connection = script.establish({.mss = 1'000}, 0);
  write_octets(*connection, 1'000);
  connection->close();
  script.flush();
  script.pass(seconds(2));
  ASSERT_GE(script.pending(), 1u);
  EXPECT_EQ(script.next()->header.sequence, script.ack - 1);
  script.sent.clear();
  script.peer({.seq = script.seq, .ack = script.ack, .window = 4'000});
  ASSERT_EQ(script.pending(), 1u);
  const auto last = script.next();
  EXPECT_EQ(last->payload.size(), 1'000u);
  EXPECT_TRUE(last->header.has(kFin));
}

TEST(TcpOutput, ProbesOfAClosedWindowBecomeRarer) {
  TcpScript script;
  Connection* connection = script.establish({.mss = 1'000}, 0);
  write_octets(*connection, 1'000);
  std::vector<Instant> times;
  for (int i = 0; i < 20'000; ++i) {
    script.pass(milliseconds(1));
    for (; script.pending() > 0; script.sent.clear()) times.push_back(script.now);
  }
  ASSERT_GE(times.size(), 5u);
  for (std::size_t i = 2; i < times.size(); ++i)
    EXPECT_NEAR(static_cast<double>((times[i] - times[i - 1]).ms()) /
                    static_cast<double>((times[i - 1] - times[i - 2]).ms()),
                2.0, 0.05);
}

TEST(TcpOutput, ASmallWindowIsNotFilledWithASillySegmentAtOnce) {  // RFC 9293 3.8.6.2.1
  TcpScript script;
  Connection* connection = script.establish({.mss = 1'000}, 4'000);
  write_octets(*connection, 4'000);
  script.flush();
  script.sent.clear();
  write_octets(*connection, 1'000);
  script.peer({.seq = script.seq, .ack = script.ack + 4'000, .window = 100});
  EXPECT_EQ(script.pending(), 0u);
  script.pass(seconds(2));
  ASSERT_GE(script.pending(), 1u);
  EXPECT_EQ(script.next()->payload.size(), 100u);
}

TEST(TcpOutput, AReaderThatStopsClosesTheWindowAndOneThatGoesOnAnnouncesIt) {
  TcpScript script([](StackOptions& options) { options.receive_window = 2'000; });
  Connection* connection = script.establish();
  const std::string block(1'000, 'a');
  script.peer({.seq = script.seq, .ack = script.ack, .payload = block});
  script.peer({.seq = script.seq + 1'000, .ack = script.ack, .payload = block});
  EXPECT_EQ(script.sent.back().header.window, 0);
  script.peer({.seq = script.seq + 2'000, .ack = script.ack, .payload = "beyond"});
  script.sent.clear();
  connection->consume(connection->readable().size());
  connection->consume(connection->readable().size());
  script.flush();
  ASSERT_EQ(script.pending(), 1u);
  EXPECT_EQ(script.next()->header.window, 2'000);
}

TEST(TcpOutput, FramesThatTheDeviceDoesNotTakeGoOutLater) {
  TcpScript script;
  Connection* connection = script.establish({.mss = 1'000});
  write_octets(*connection, 10'000);
  script.wire.port(0).transmit_room = 4;
  script.flush();
  EXPECT_EQ(script.pending(), 4u);
  script.wire.port(0).transmit_room = SIZE_MAX;
  script.flush();
  EXPECT_EQ(script.pending(), 10u);
}

TEST(TcpOutput, FragmentationNeededMakesSegmentsSmaller) {  // RFC 1191
  TcpScript script;
  Connection* connection = script.establish({.mss = 1'400});
  write_octets(*connection, 1'400);
  script.flush();
  script.sent.clear();
  std::vector<std::uint8_t> icmp(kIcmpHeaderLength + kIpv4HeaderLength + 8);
  icmp[0] = kIcmpUnreachable;
  icmp[1] = kIcmpFragmentationNeeded;
  store16(icmp.data() + 6, 600);
  Ipv4Header quoted{.total_length = 1'440,
                    .protocol = kProtocolTcp,
                    .source = kAddressA,
                    .destination = kAddressB};
  write_ipv4(icmp.data() + kIcmpHeaderLength, quoted);
  store16(icmp.data() + 28, 25);
  store16(icmp.data() + 30, 40'000);
  store32(icmp.data() + 32, script.ack);
  store16(icmp.data() + 2, internet_checksum(icmp));
  script.inject(ipv4_frame({.protocol = kProtocolIcmp}, icmp));
  ASSERT_EQ(script.pending(), 3u);
  EXPECT_EQ(script.sent[0].payload.size(), 560u);
  EXPECT_EQ(script.sent[2].payload.size(), 280u);
}

}  // namespace sluice::net::test
