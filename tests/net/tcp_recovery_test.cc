// Loss recovery of whole connections: which segments go again, when, and how much besides.
#include <gtest/gtest.h>

#include "engine/net/tcp/tcp.h"
#include "tests/support/tcp_script.h"

namespace sluice::net::test {
namespace {

using tcp::Recovery;

constexpr std::uint32_t kMss = 1'000;
constexpr Duration kRoundTrip = milliseconds(100);

// A sender of `segments` segments, the first ACK of which may come now.
class Sender {
 public:
  explicit Sender(std::size_t segments, TcpOptions options = {.mss = kMss, .sack_permitted = true},
                  std::function<void(StackOptions&)> adjust = {})
      : script([&](StackOptions& stack) {
          stack.user_timeout = minutes(5);
          if (adjust) adjust(stack);
        }) {
    script.peer({.flags = kSyn, .seq = script.kPeerIss, .options = options});
    script.pass(kRoundTrip);
    script.seq = script.kPeerIss + 1;
    script.ack = script.next()->header.sequence + 1;
    script.peer({.seq = script.seq, .ack = script.ack});
    connection = script.stack->next_ready();
    write(segments);
    EXPECT_EQ(script.pending(), segments);
    script.sent.clear();
    script.pass(kRoundTrip);
  }

  void write(std::size_t segments) {
    connection->write(as_bytes(std::string(segments * kMss, 'x')));
    script.flush();
  }
  // Acknowledges `segments` more, with blocks of segments counted from the first outstanding one
  // as the test began.
  void ack(std::uint32_t segments, std::vector<SackBlock> blocks = {}, TcpOptions options = {}) {
    una_ += segments;
    options.sack_count = static_cast<std::uint8_t>(blocks.size());
    for (std::size_t i = 0; i < blocks.size(); ++i)
      options.sack[i] = {at(blocks[i].left), at(blocks[i].right)};
    script.peer({.seq = script.seq, .ack = script.ack + una_ * kMss, .options = options});
  }
  std::uint32_t at(std::uint32_t segment) const { return script.ack + segment * kMss; }
  // The numbers of the segments that left since the last look.
  std::vector<std::uint32_t> sent() {
    std::vector<std::uint32_t> numbers;
    while (const auto segment = script.next())
      if (!segment->payload.empty())
        numbers.push_back((segment->header.sequence - script.ack) / kMss);
    return numbers;
  }
  tcp::Tcb& tcb() { return static_cast<tcp::Tcb&>(*connection); }
  StackCounters counters() const { return stack_counters(*script.stack); }

  TcpScript script;
  Connection* connection = nullptr;

 private:
  std::uint32_t una_ = 0;
};

using Numbers = std::vector<std::uint32_t>;

}  // namespace

TEST(TcpRecovery, ThreeSackedSegmentsRetransmitWhatIsMissing) {
  Sender sender(8);
  sender.ack(0, {{1, 2}});
  sender.ack(0, {{1, 3}});
  EXPECT_EQ(sender.sent(), Numbers{});
  sender.ack(0, {{1, 4}});
  EXPECT_EQ(sender.sent(), Numbers{0});
  EXPECT_EQ(sender.tcb().recovery().phase, Recovery::Phase::repairing);
  sender.ack(8);
  EXPECT_EQ(sender.tcb().recovery().phase, Recovery::Phase::open);
  EXPECT_EQ(sender.tcb().congestion.window(), 7 * kMss);
}

TEST(TcpRecovery, SeveralLossesInAWindowAreRepairedWithinOneRoundTrip) {
  Sender sender(10);  // 0, 3 and 6 are lost
  const Instant begin = sender.script.now;
  sender.ack(0, {{1, 3}});
  sender.ack(0, {{4, 6}, {1, 3}});
  sender.ack(0, {{7, 10}, {4, 6}, {1, 3}});
  EXPECT_EQ(sender.sent(), (Numbers{0, 3, 6}));
  sender.script.pass(milliseconds(100));
  sender.ack(3, {{7, 10}, {4, 6}});
  sender.ack(3, {{7, 10}});
  sender.ack(4);
  EXPECT_EQ(sender.tcb().recovery().phase, Recovery::Phase::open);
  EXPECT_LE(sender.script.now - begin, milliseconds(101));
  EXPECT_EQ(sender.counters().timeouts, 0u);
  EXPECT_EQ(sender.counters().segments_retransmitted, 3u);
}

TEST(TcpRecovery, BlocksThatComeWithDataCount) {
  Sender sender(8);
  TcpOptions options{.sack_count = 1};
  options.sack[0] = {sender.at(1), sender.at(4)};
  sender.script.peer(
      {.seq = sender.script.seq, .ack = sender.script.ack, .payload = "x", .options = options});
  EXPECT_EQ(sender.sent(), Numbers{0});
}

TEST(TcpRecovery, OneSegmentOutOfOrderWaitsForTheReorderingTimer) {  // RFC 8985 6.3
  Sender sender(8);
  sender.ack(0, {{1, 2}});
  sender.script.pass(milliseconds(24));
  EXPECT_EQ(sender.sent(), Numbers{});
  sender.script.pass(milliseconds(3));
  EXPECT_EQ(sender.sent(), Numbers{0});
}

TEST(TcpRecovery, SegmentsThatOnlyChangedPlacesAreNotSentAgain) {
  Sender sender(8);
  sender.ack(0, {{1, 2}});
  sender.script.pass(milliseconds(10));
  sender.ack(2);
  sender.script.pass(milliseconds(90));
  EXPECT_EQ(sender.counters().segments_retransmitted, 0u);
  EXPECT_TRUE(sender.tcb().reordering.seen());
}

TEST(TcpRecovery, ALostRetransmissionIsSentOnceMoreWithoutATimeout) {
  Sender sender(10);
  sender.ack(0, {{1, 4}});
  ASSERT_EQ(sender.sent(), Numbers{0});
  sender.write(6);
  for (std::uint32_t end = 5; end <= 10; ++end) sender.ack(0, {{1, end}});
  sender.sent();
  sender.script.pass(milliseconds(100));
  sender.ack(0, {{1, 11}});  // sent after the retransmission, and it has arrived
  sender.script.pass(milliseconds(30));
  const Numbers again = sender.sent();
  ASSERT_FALSE(again.empty());
  EXPECT_EQ(again.front(), 0u);
  EXPECT_EQ(sender.counters().timeouts, 0u);
}

TEST(TcpRecovery, DuringRepairSevenSegmentsLeaveForTenThatArrive) {  // RFC 6937 with CUBIC's 0.7
  Sender sender(10);
  sender.write(20);
  sender.sent();
  std::size_t sent = 0;
  for (std::uint32_t end = 2; end <= 10; ++end) sender.ack(0, {{1, end}});
  sent = sender.sent().size();
  EXPECT_GE(sent, 7u);  // two by limited transmit, the retransmission, and what PRR allows
  EXPECT_LE(sent, 9u);
}

TEST(TcpRecovery, WithoutRackTheThresholdOfSackedOctetsCounts) {  // RFC 6675
  Sender sender(8, {.mss = kMss, .sack_permitted = true},
                [](StackOptions& options) { options.rack = false; });
  sender.ack(0, {{2, 3}});
  sender.ack(0, {{2, 4}});
  EXPECT_EQ(sender.sent(), Numbers{});
  sender.ack(0, {{2, 5}});
  EXPECT_EQ(sender.sent(), Numbers{0});
  EXPECT_EQ(sender.tcb().unacknowledged.lost(), kMss);  // the second follows with the next ACK
}

TEST(TcpRecovery, WithoutSackAPartialAckRepairsTheNextHole) {  // RFC 6582
  Sender sender(8, {.mss = kMss});
  for (int i = 0; i < 3; ++i) sender.ack(0);
  EXPECT_EQ(sender.sent(), Numbers{0});
  sender.ack(4);
  const Numbers next = sender.sent();
  ASSERT_FALSE(next.empty());
  EXPECT_EQ(next.front(), 4u);
  sender.ack(4);
  EXPECT_EQ(sender.tcb().recovery().phase, Recovery::Phase::open);
  EXPECT_EQ(sender.counters().timeouts, 0u);
}

TEST(TcpRecovery, TheTailOfABurstIsProbedBeforeTheTimeout) {  // RFC 8985 7
  Sender sender(4);
  sender.ack(2);
  sender.script.pass(milliseconds(195));
  EXPECT_EQ(sender.sent(), Numbers{});
  sender.script.pass(milliseconds(10));  // 2 * SRTT
  EXPECT_EQ(sender.sent(), Numbers{3});
  sender.script.pass(milliseconds(100));
  sender.ack(0, {{3, 4}});  // the probe arrived: so 2 is lost
  sender.script.pass(milliseconds(30));
  EXPECT_EQ(sender.sent(), Numbers{2});
  EXPECT_EQ(sender.counters().timeouts, 0u);
}

TEST(TcpRecovery, AProbeThatRepairedALossSlowsDown) {  // RFC 8985 7.4.2
  Sender sender(4);
  sender.script.pass(milliseconds(105));
  ASSERT_EQ(sender.sent(), Numbers{3});
  const std::uint32_t before = sender.tcb().congestion.window();
  sender.ack(4);
  EXPECT_EQ(sender.tcb().congestion.window(), before);  // it may have been needless
  sender.write(1);
  sender.ack(1);  // and no sign that the segment came twice
  EXPECT_LT(sender.tcb().congestion.window(), before);
}

TEST(TcpRecovery, AProbeThatWasNeedlessDoesNot) {
  Sender sender(4);
  sender.script.pass(milliseconds(105));
  sender.ack(4);
  const std::uint32_t before = sender.tcb().congestion.window();
  sender.ack(0, {{3, 4}});  // D-SACK
  sender.write(1);
  sender.ack(1);
  EXPECT_GE(sender.tcb().congestion.window(), before);
}

TEST(TcpRecovery, WithoutProbesTheTimeoutRepairsTheTail) {
  Sender sender(4, {.mss = kMss, .sack_permitted = true},
                [](StackOptions& options) { options.tlp = false; });
  sender.script.pass(milliseconds(210));
  EXPECT_EQ(sender.sent(), Numbers{0});
  EXPECT_EQ(sender.tcb().congestion.window(), kMss);
  EXPECT_EQ(sender.counters().timeouts, 1u);
}

TEST(TcpRecovery, DSackOfAllThatWasSentAgainUndoesTheReduction) {
  Sender sender(10);
  sender.ack(0, {{1, 4}});
  ASSERT_EQ(sender.sent(), Numbers{0});
  const std::uint32_t reduced = sender.tcb().congestion.threshold();
  EXPECT_EQ(reduced, 7 * kMss);
  sender.ack(10, {{0, 1}});  // all has come, the first twice
  EXPECT_GE(sender.tcb().congestion.window(), 10 * kMss);
  EXPECT_EQ(sender.counters().recoveries_undone, 1u);
}

TEST(TcpRecovery, AnOlderTimestampUndoesTheReduction) {  // RFC 3522
  TcpOptions options{.mss = kMss + 12, .sack_permitted = true, .has_timestamps = true};
  options.timestamp_value = 1;
  TcpScript script;
  Connection* connection = script.establish(options);
  connection->write(as_bytes(std::string(10 * kMss, 'x')));
  script.flush();
  const std::uint32_t stamp = script.sent.front().options.timestamp_value;
  script.pass(milliseconds(50));
  TcpOptions echo{.has_timestamps = true, .timestamp_value = 3, .timestamp_echo = stamp};
  echo.sack_count = 1;
  echo.sack[0] = {script.ack + kMss, script.ack + 4 * kMss};
  script.peer({.seq = script.seq, .ack = script.ack, .options = echo});
  auto& tcb = static_cast<tcp::Tcb&>(*connection);
  ASSERT_EQ(tcb.recovery().phase, Recovery::Phase::repairing);
  script.pass(milliseconds(5));
  echo.sack_count = 0;
  script.peer({.seq = script.seq, .ack = script.ack + 4 * kMss, .options = echo});
  EXPECT_EQ(tcb.recovery().phase, Recovery::Phase::open);
  EXPECT_GE(tcb.congestion.window(), 10 * kMss);
}

// What was sent again in an earlier episode may be acknowledged in a later one, with a time from
// before that began.
TEST(TcpRecovery, ARetransmissionOfAnEarlierEpisodeUndoesNothing) {
  Recovery recovery;
  recovery.begin(Recovery::Phase::repairing, 0, 10 * kMss, 10 * kMss, 10 * kMss);
  recovery.note_retransmission(200);
  EXPECT_FALSE(recovery.echo_confirms(150, 150));
  EXPECT_FALSE(recovery.echo_confirms(200, 200));  // of this one, and it answers the repetition
  EXPECT_TRUE(recovery.echo_confirms(200, 150));
}

TEST(TcpRecovery, ATimeoutThatCameTooEarlyIsRecognised) {  // F-RTO, RFC 5682
  Sender sender(6, {.mss = kMss, .sack_permitted = true},
                [](StackOptions& options) { options.tlp = false; });
  sender.write(6);
  sender.sent();
  sender.script.pass(milliseconds(310));
  ASSERT_EQ(sender.sent(), Numbers{0});
  sender.ack(1);
  EXPECT_EQ(sender.sent(), (Numbers{10, 11}));  // new data, not the next "lost" one
  sender.ack(1);
  EXPECT_EQ(sender.tcb().recovery().phase, Recovery::Phase::open);
  EXPECT_GE(sender.tcb().congestion.window(), 10 * kMss);
  EXPECT_EQ(sender.counters().segments_retransmitted, 1u);
}

TEST(TcpRecovery, ATimeoutSendsAgainInSlowStart) {
  Sender sender(8, {.mss = kMss, .sack_permitted = true},
                [](StackOptions& options) { options.tlp = false; });
  sender.script.pass(milliseconds(210));
  ASSERT_EQ(sender.sent(), Numbers{0});
  sender.ack(1);
  EXPECT_EQ(sender.sent(), (Numbers{1, 2}));
  sender.ack(2);
  EXPECT_EQ(sender.sent(), (Numbers{3, 4, 5, 6}));
}

TEST(TcpRecovery, NothingIsKeptForARecoveryThatIsLongOver) {
  Sender sender(10);
  sender.ack(0, {{1, 4}});
  sender.ack(10);
  EXPECT_NE(sender.tcb().episode, nullptr);  // a D-SACK may still come
  for (int i = 0; i < 2; ++i) {
    sender.write(1);
    sender.ack(1);
  }
  EXPECT_EQ(sender.tcb().episode, nullptr);
}

TEST(TcpRecovery, TheUserTimeoutEndsAConnectionOnTime) {  // RFC 9293 3.10.8
  Sender sender(2, {.mss = kMss, .sack_permitted = true},
                [](StackOptions& options) { options.user_timeout = seconds(3); });
  sender.script.pass(milliseconds(2'890));
  EXPECT_EQ(sender.connection->state(), Connection::State::open);
  sender.script.pass(milliseconds(20));
  EXPECT_EQ(sender.connection->error(), NetError::timed_out);
}

TEST(TcpRecovery, AfterALostSynTheTimeoutOfDataBeginsAtThreeSeconds) {  // RFC 6298 5.7
  TcpScript script([](StackOptions& options) { options.tlp = false; });
  script.peer({.flags = kSyn, .seq = 500, .options = {.mss = kMss}});
  script.pass(milliseconds(1'010));  // the SYN-ACK goes again
  ASSERT_EQ(script.pending(), 2u);
  const std::uint32_t ack = script.next()->header.sequence + 1;
  script.peer({.seq = 501, .ack = ack});
  Connection* connection = script.stack->next_ready();
  connection->write(as_bytes("hello"));
  script.flush();
  script.sent.clear();
  script.pass(milliseconds(2'990));
  EXPECT_EQ(script.pending(), 0u);
  script.pass(milliseconds(20));
  EXPECT_EQ(script.pending(), 1u);
}

}  // namespace sluice::net::test
