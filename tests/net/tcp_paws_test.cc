// Timestamps of what comes in (RFC 7323 3.2, 4.3, 5) and TIME-WAIT's answers.
#include <gtest/gtest.h>

#include "engine/net/tcp/tcp.h"
#include "tests/support/tcp_script.h"

namespace sluice::net::test {
namespace {

class TcpPaws : public testing::Test {
 protected:
  TcpPaws() {
    connection = script.establish({.mss = 1'000, .has_timestamps = true, .timestamp_value = 100});
  }
  // A segment `offset` octets further, with this timestamp.
  PeerSegment stamped(std::uint32_t timestamp, std::string_view payload, std::uint32_t offset = 0) {
    PeerSegment segment{.seq = script.seq + offset, .ack = script.ack, .payload = payload};
    segment.options.has_timestamps = true;
    segment.options.timestamp_value = timestamp;
    return segment;
  }
  std::uint32_t echoed() const { return script.sent.back().options.timestamp_echo; }

  TcpScript script;
  Connection* connection;
};

}  // namespace

TEST_F(TcpPaws, AnOldSegmentIsAnsweredAndDropped) {
  script.peer(stamped(200, "new"));
  script.sent.clear();
  script.peer(stamped(199, "old", 3));
  EXPECT_EQ(as_text(connection->readable()), "new");
  ASSERT_EQ(script.pending(), 1u);
  EXPECT_EQ(script.sent[0].header.acknowledgment, script.seq + 3);
}

TEST_F(TcpPaws, AfterTwentyFourDaysAnyTimestampIsNew) {        // 5.5
  constexpr std::uint32_t kDays24 = 24u * 24 * 3'600 * 1'000;  // milliseconds
  auto& tcb = static_cast<tcp::Tcb&>(*connection);
  tcb.ts_recent_ms -= kDays24;
  script.peer(stamped(99, "too early"));
  EXPECT_TRUE(connection->readable().empty());
  tcb.ts_recent_ms -= 1;
  script.peer(stamped(99, "wrapped"));
  EXPECT_EQ(as_text(connection->readable()), "wrapped");
}

TEST_F(TcpPaws, ASegmentWithoutATimestampIsDroppedSilentlyButNotAReset) {  // 3.2
  script.peer({.seq = script.seq, .ack = script.ack, .payload = "bare"});
  EXPECT_EQ(script.pending(), 0u);
  EXPECT_TRUE(connection->readable().empty());
  script.peer({.flags = kRst, .seq = script.seq});
  EXPECT_EQ(connection->state(), Connection::State::failed);
}

TEST_F(TcpPaws, WhatIsEchoedIsTheTimestampOfTheOldestUnacknowledgedSegment) {  // 4.3
  script.peer(stamped(300, "beyond a gap", 10));
  EXPECT_EQ(echoed(), 101u);
  script.peer(stamped(250, "fills it..", 0));
  EXPECT_EQ(echoed(), 250u);
}

TEST_F(TcpPaws, ASegmentWithAWrongAckDoesNotChangeTheEcho) {
  auto forged = stamped(200'000, "");
  forged.ack += 10'000;
  script.peer(forged);
  script.peer(stamped(201, "honest"));
  script.pass(milliseconds(40));
  EXPECT_EQ(echoed(), 201u);
  EXPECT_EQ(as_text(connection->readable()), "honest");
}

class TcpTimeWait : public testing::Test {
 protected:
  void enter(const TcpOptions& options = {.mss = 1'000}) {
    Connection* connection = script.establish(options);
    connection->close();
    script.flush();
    PeerSegment fin{.flags = kFin | kAck, .seq = script.seq, .ack = script.ack + 1};
    fin.options.has_timestamps = options.has_timestamps;
    fin.options.timestamp_value = options.timestamp_value + 2;
    script.peer(fin);
    script.stack->release(*connection);
    script.sent.clear();
    ASSERT_EQ(time_waits(), 1u);
    ++script.seq;
    ++script.ack;
  }
  void skip(Duration span) {
    script.now = script.now + span;
    script.pass(milliseconds(1));
  }
  std::size_t time_waits() const { return stack_counters(*script.stack).time_wait; }
  void expect_ack() {
    ASSERT_EQ(script.pending(), 1u);
    const auto ack = script.next();
    EXPECT_EQ(ack->header.flags, kAck);
    EXPECT_EQ(ack->header.sequence, script.ack);
    EXPECT_EQ(ack->header.acknowledgment, script.seq);
    EXPECT_EQ(time_waits(), 1u);
  }
  TcpScript script;
};

TEST_F(TcpTimeWait, WhatIsOutOfSequenceIsAcknowledgedAndTheRestIsQuiet) {
  enter();
  script.peer({.seq = script.seq, .ack = script.ack});
  EXPECT_EQ(script.pending(), 0u);
  script.peer({.seq = script.seq - 1, .ack = script.ack});
  expect_ack();
  script.peer({.seq = script.seq, .ack = script.ack, .payload = "late"});
  expect_ack();
  script.peer({.flags = kSyn | kAck, .seq = script.seq + 100'000});
  expect_ack();
  script.peer({.flags = kFin, .seq = script.seq - 1});
  EXPECT_EQ(script.pending(), 0u);
}

TEST_F(TcpTimeWait, ARepeatedFinBeginsTheWaitAnew) {
  enter();
  skip(seconds(50));
  script.peer({.flags = kFin | kAck, .seq = script.seq - 1, .ack = script.ack});
  expect_ack();
  skip(seconds(59));
  EXPECT_EQ(time_waits(), 1u);
  skip(seconds(1));
  EXPECT_EQ(time_waits(), 0u);
}

TEST_F(TcpTimeWait, ASynWithANewerTimestampOpensWhateverItsSequence) {  // RFC 6191 2
  enter({.mss = 1'000, .has_timestamps = true, .timestamp_value = 500});
  PeerSegment syn{.flags = kSyn, .seq = script.seq - 5'000};
  syn.options.has_timestamps = true;
  syn.options.timestamp_value = 501;
  script.peer(syn);
  expect_ack();
  syn.options.timestamp_value = 503;
  script.peer(syn);
  ASSERT_EQ(script.pending(), 1u);
  EXPECT_EQ(script.sent[0].header.flags, kSyn | kAck);
  EXPECT_EQ(time_waits(), 0u);
}

TEST_F(TcpTimeWait, ASynForNobodyIsOnlyAcknowledged) {
  enter();
  script.stack->stop_listening();
  script.peer({.flags = kSyn, .seq = script.seq + 100'000});
  expect_ack();
}

}  // namespace sluice::net::test
