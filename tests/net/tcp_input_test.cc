#include <gtest/gtest.h>

#include "tests/support/tcp_script.h"

namespace sluice::net::test {
namespace {

std::string read_all(Connection& connection) {
  std::string text;
  for (ByteView octets = connection.readable(); !octets.empty(); octets = connection.readable()) {
    text += as_text(octets);
    connection.consume(octets.size());
  }
  return text;
}

}  // namespace

TEST(TcpInput, SynIsAnsweredWithSynAckThatAcceptsTheOptions) {
  TcpScript script;
  TcpOptions options{.mss = 1'400,
                     .has_window_shift = true,
                     .window_shift = 7,
                     .sack_permitted = true,
                     .has_timestamps = true,
                     .timestamp_value = 5};
  script.peer({.flags = kSyn, .seq = 77, .options = options});
  const auto answer = script.next();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->header.flags, kSyn | kAck);
  EXPECT_EQ(answer->header.acknowledgment, 78u);
  EXPECT_EQ(answer->options.mss, 1460);
  EXPECT_TRUE(answer->options.has_window_shift && answer->options.sack_permitted);
  EXPECT_EQ(answer->options.timestamp_echo, 5u);
}

TEST(TcpInput, OptionsThatThePeerDidNotOfferAreNotUsed) {
  TcpScript script;
  script.peer({.flags = kSyn, .seq = 77});
  const auto answer = script.next();
  ASSERT_TRUE(answer);
  EXPECT_FALSE(answer->options.has_window_shift || answer->options.sack_permitted ||
               answer->options.has_timestamps);
}

TEST(TcpInput, AConnectionIsShownOnceItsHandshakeIsComplete) {
  TcpScript script;
  script.peer({.flags = kSyn, .seq = TcpScript::kPeerIss});
  EXPECT_EQ(script.stack->next_ready(), nullptr);
  const auto answer = script.next();
  script.peer({.seq = TcpScript::kPeerIss + 1, .ack = answer->header.sequence + 1});
  Connection* connection = script.stack->next_ready();
  ASSERT_NE(connection, nullptr);
  EXPECT_EQ(connection->state(), Connection::State::open);
  EXPECT_EQ(connection->owner, 0u);
  EXPECT_EQ(connection->listener, 7u);
  EXPECT_EQ(connection->remote().text(), "10.0.0.2:40000");
  EXPECT_EQ(connection->local().text(), "10.0.0.1:25");
}

TEST(TcpInput, DataOutOfOrderIsReadInOrderAndAnsweredWithSack) {
  TcpScript script;
  Connection* connection = script.establish({.mss = 1'000, .sack_permitted = true});
  script.peer({.seq = script.seq + 5, .ack = script.ack, .payload = "world"});
  const auto duplicate = script.next();
  ASSERT_TRUE(duplicate);
  EXPECT_EQ(duplicate->header.acknowledgment, script.seq);
  ASSERT_EQ(duplicate->options.sack_count, 1);
  EXPECT_EQ(duplicate->options.sack[0].left, script.seq + 5);
  EXPECT_EQ(duplicate->options.sack[0].right, script.seq + 10);
  EXPECT_TRUE(connection->readable().empty());
  script.peer({.seq = script.seq, .ack = script.ack, .payload = "hello"});
  EXPECT_EQ(read_all(*connection), "helloworld");
  EXPECT_EQ(script.next()->header.acknowledgment, script.seq + 10);
}

TEST(TcpInput, AfterALossAcksAreNotDelayed) {
  TcpScript script;
  Connection* connection = script.establish({.mss = 1'000, .sack_permitted = true});
  const std::string segment(1'000, 'x');
  std::uint32_t seq = script.seq;
  const auto arrive = [&](std::uint32_t at) {
    script.sent.clear();
    script.peer({.seq = at, .ack = script.ack, .payload = segment});
    read_all(*connection);
    return script.pending();
  };
  for (int i = 0; i < 40; ++i) arrive(std::exchange(seq, seq + 1'000));
  EXPECT_EQ(arrive(std::exchange(seq, seq + 1'000)) + arrive(std::exchange(seq, seq + 1'000)), 1u);
  arrive(seq + 1'000);
  arrive(seq);
  seq += 2'000;
  for (int i = 0; i < 10; ++i) EXPECT_EQ(arrive(std::exchange(seq, seq + 1'000)), 1u);
}

TEST(TcpInput, OverlappingSegmentsInEveryOrderGiveTheSameOctets) {
  const std::string text = "0123456789abcdefghij";
  const std::pair<std::size_t, std::size_t> parts[] = {{4, 8}, {0, 6}, {10, 16}, {7, 20}, {3, 12}};
  std::vector<int> order{0, 1, 2, 3, 4};
  do {
    TcpScript script;
    Connection* connection = script.establish();
    for (int i : order) {
      const auto [from, to] = parts[i];
      script.peer({.seq = script.seq + static_cast<std::uint32_t>(from),
                   .ack = script.ack,
                   .payload = std::string_view(text).substr(from, to - from)});
    }
    ASSERT_EQ(read_all(*connection), text);
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(TcpInput, AFinBeyondAGapWaitsForTheData) {
  TcpScript script;
  Connection* connection = script.establish();
  script.peer({.flags = kFin | kAck, .seq = script.seq + 3, .ack = script.ack, .payload = "def"});
  EXPECT_FALSE(connection->read_finished());
  script.peer({.seq = script.seq, .ack = script.ack, .payload = "abc"});
  EXPECT_EQ(read_all(*connection), "abcdef");
  EXPECT_TRUE(connection->read_finished());
  EXPECT_EQ(script.sent.back().header.acknowledgment, script.seq + 7);
}

TEST(TcpInput, DataBeyondTheFinIsNoPartOfTheStream) {
  TcpScript script;
  Connection* connection = script.establish();
  script.peer({.flags = kFin | kAck, .seq = script.seq + 4, .ack = script.ack});
  script.peer({.seq = script.seq, .ack = script.ack, .payload = "goodbye"});
  EXPECT_EQ(as_text(connection->readable()), "good");
  connection->consume(4);
  EXPECT_TRUE(connection->read_finished());
}

TEST(TcpInput, ABlindResetInTheWindowIsChallengedAndAnExactOneIsObeyed) {  // RFC 5961 3
  TcpScript script;
  Connection* connection = script.establish();
  script.peer({.flags = kRst, .seq = script.seq + 100});
  EXPECT_EQ(connection->state(), Connection::State::open);
  EXPECT_EQ(script.next()->header.acknowledgment, script.seq);
  script.peer({.flags = kRst, .seq = script.seq});
  EXPECT_EQ(connection->state(), Connection::State::failed);
  EXPECT_EQ(connection->error(), NetError::reset);
}

TEST(TcpInput, ASynInAnOpenConnectionIsChallengedAtMostFiveTimesASecond) {  // RFC 5961 4
  TcpScript script;
  Connection* connection = script.establish();
  for (int i = 0; i < 100; ++i)
    script.peer({.flags = kSyn, .seq = script.seq + 10, .ack = script.ack});
  EXPECT_EQ(script.pending(), 5u);
  script.pass(seconds(1));
  script.peer({.flags = kSyn, .seq = script.seq + 10, .ack = script.ack});
  EXPECT_EQ(script.pending(), 6u);
  EXPECT_EQ(connection->state(), Connection::State::open);
}

TEST(TcpInput, AnAckOfWhatWasNeverSentIsChallengedAndItsDataDropped) {  // RFC 5961 5
  TcpScript script;
  Connection* connection = script.establish();
  script.peer({.seq = script.seq, .ack = script.ack + 1'000, .payload = "injected"});
  EXPECT_TRUE(connection->readable().empty());
  EXPECT_EQ(script.pending(), 1u);
}

TEST(TcpInput, ASegmentWithAnOlderTimestampIsDropped) {  // PAWS, RFC 7323 5
  TcpScript script;
  TcpOptions options{.mss = 1'000, .has_timestamps = true, .timestamp_value = 5'000};
  Connection* connection = script.establish(options);
  PeerSegment old{.seq = script.seq, .ack = script.ack, .payload = "old"};
  old.options = {.has_timestamps = true, .timestamp_value = 4'000};
  script.peer(old);
  EXPECT_TRUE(connection->readable().empty());
  EXPECT_EQ(script.pending(), 1u);
  old.options.timestamp_value = 6'000;
  script.peer(old);
  EXPECT_EQ(read_all(*connection), "old");
}

TEST(TcpInput, ASegmentForNobodyIsAnsweredWithAResetThatItsSenderBelieves) {
  TcpScript script;
  script.peer({.flags = kSyn, .seq = 9, .local_port = 26});
  auto reset = script.next();
  EXPECT_EQ(reset->header.flags, kRst | kAck);
  EXPECT_EQ(reset->header.acknowledgment, 10u);
  script.peer({.flags = kAck, .seq = 9, .ack = 1234, .local_port = 26});
  reset = script.next();
  EXPECT_EQ(reset->header.flags, kRst);
  EXPECT_EQ(reset->header.sequence, 1234u);
  script.peer({.flags = kRst, .seq = 9, .local_port = 26});
  EXPECT_EQ(script.pending(), 0u);
}

TEST(TcpInput, ADamagedSegmentIsDroppedAndCounted) {
  TcpScript script;
  auto frame = tcp_frame({.flags = kSyn, .seq = 1});
  frame.back() ^= 1;
  script.inject(frame);
  EXPECT_EQ(script.pending(), 0u);
  EXPECT_EQ(stack_counters(*script.stack).dropped_malformed, 1u);
}

TEST(TcpInput, SingleOctetSegmentsShareAPacket) {
  TcpScript script;
  script.establish();
  const std::size_t before = script.wire.port(0).pool().available();
  for (std::uint32_t i = 0; i < 1'000; ++i)
    script.peer({.seq = script.seq + i, .ack = script.ack, .payload = "x"});
  EXPECT_GE(script.wire.port(0).pool().available() + 3, before);
}

}  // namespace sluice::net::test
