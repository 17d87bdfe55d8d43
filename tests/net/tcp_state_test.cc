// RFC 9293 3.10.7.4 state by state: resets, SYNs and ACKs inside and outside the window.
#include <gtest/gtest.h>

#include "engine/net/tcp/tcp.h"
#include "tests/support/tcp_script.h"

namespace sluice::net::test {
namespace {

using tcp::TcpState;

class InState : public testing::TestWithParam<TcpState> {
 protected:
  InState() : tcb(static_cast<tcp::Tcb*>(script.establish({.mss = 1'000}, 5'000))) {
    if (GetParam() == TcpState::close_wait || GetParam() == TcpState::last_ack) fin_from_peer();
    if (GetParam() != TcpState::established && GetParam() != TcpState::close_wait) close();
    if (GetParam() == TcpState::closing) fin_from_peer();
    if (GetParam() == TcpState::fin_wait_2) script.peer({.seq = script.seq, .ack = ++script.ack});
    EXPECT_EQ(tcb->tcp_state, GetParam());
    script.sent.clear();
  }

  void fin_from_peer() {
    script.peer({.flags = kFin | kAck, .seq = script.seq, .ack = script.ack});
    ++script.seq;
  }
  void close() {
    tcb->close();
    script.flush();
  }
  std::uint32_t window() const { return tcb->receive_space(); }
  // The one segment that was the answer acknowledges what we have.
  void expect_ack() {
    ASSERT_EQ(script.pending(), 1u);
    const auto ack = script.next();
    EXPECT_EQ(ack->header.flags, kAck);
    EXPECT_EQ(ack->header.sequence, tcb->snd_nxt);
    EXPECT_EQ(ack->header.acknowledgment, script.seq);
    EXPECT_EQ(tcb->tcp_state, GetParam());
  }
  void expect_silence() {
    EXPECT_EQ(script.pending(), 0u);
    EXPECT_EQ(tcb->tcp_state, GetParam());
  }

  TcpScript script;
  tcp::Tcb* tcb;
};

INSTANTIATE_TEST_SUITE_P(Synchronized, InState,
                         testing::Values(TcpState::established, TcpState::fin_wait_1,
                                         TcpState::fin_wait_2, TcpState::close_wait,
                                         TcpState::closing, TcpState::last_ack),
                         [](const auto& of) {
                           std::string name = tcp::name(of.param);
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace

TEST_P(InState, AnExactResetEndsIt) {
  script.peer({.flags = kRst, .seq = script.seq});
  EXPECT_EQ(script.pending(), 0u);
  EXPECT_EQ(tcb->state(), Connection::State::failed);
  EXPECT_EQ(tcb->error(), NetError::reset);
}

TEST_P(InState, AResetElsewhereInTheWindowIsChallenged) {  // RFC 5961 3.2
  script.peer({.flags = kRst, .seq = script.seq + 1});
  expect_ack();
  script.peer({.flags = kRst | kAck, .seq = script.seq + window() - 1, .ack = script.ack});
  expect_ack();
}

TEST_P(InState, AResetOutsideTheWindowIsIgnored) {
  const std::uint32_t edge = script.seq + tcb->options.receive_buffer;
  script.peer({.flags = kRst, .seq = script.seq - 1});
  script.peer({.flags = kRst, .seq = edge});
  script.peer({.flags = kRst | kAck, .seq = edge + 100, .ack = script.ack});
  expect_silence();
}

TEST_P(InState, ASynAnywhereIsChallenged) {  // RFC 5961 4.2
  for (const std::uint32_t at :
       {script.seq - 1, script.seq, script.seq + window() - 1, script.seq + window()}) {
    script.peer({.flags = kSyn, .seq = at});
    expect_ack();
  }
  script.peer({.flags = kSyn | kAck, .seq = script.seq - 1, .ack = script.ack});
  expect_ack();
}

TEST_P(InState, AnAckOfWhatWasNotSentIsAnsweredAndItsFinIgnored) {  // RFC 5961 5.2
  script.peer({.flags = kFin | kAck, .seq = script.seq, .ack = tcb->snd_nxt + 1});
  expect_ack();
  script.peer({.seq = script.seq, .ack = tcb->snd_una - tcb->snd_wnd_max - 1});
  expect_ack();
}

TEST_P(InState, ASegmentWithoutAckIsDropped) {
  script.peer({.flags = kFin, .seq = script.seq});
  script.peer({.flags = 0, .seq = script.seq, .payload = "no flags"});
  expect_silence();
  EXPECT_TRUE(tcb->readable().empty());
}

TEST_P(InState, DataOutsideTheWindowIsAnsweredByAnAck) {
  script.peer({.seq = script.seq + window(), .ack = script.ack, .payload = "beyond"});
  expect_ack();
  script.peer({.seq = script.seq - 3, .ack = script.ack, .payload = "old"});
  expect_ack();
  EXPECT_TRUE(tcb->readable().empty());
}

TEST_P(InState, UrgentDataIsReadInLine) {  // RFC 9293 3.8.5, RFC 6093
  if (!tcp::can_receive(GetParam())) return;
  script.peer({.flags = kUrg | kAck, .seq = script.seq, .ack = script.ack, .payload = "urgent"});
  EXPECT_EQ(as_text(tcb->readable()), "urgent");
}

TEST_P(InState, AFinEndsWhatThePeerSends) {
  if (!tcp::can_receive(GetParam())) return;
  script.peer({.flags = kFin | kAck, .seq = script.seq, .ack = script.ack, .payload = "last"});
  ASSERT_GE(script.pending(), 1u);
  EXPECT_EQ(script.sent.back().header.acknowledgment, script.seq + 5);
  EXPECT_EQ(as_text(tcb->readable()), "last");
  tcb->consume(4);
  EXPECT_TRUE(tcb->read_finished());
}

TEST(TcpHalfClose, AfterOurFinThePeerStillSendsAndWeAcknowledge) {
  TcpScript script;
  Connection* connection = script.establish();
  connection->close();
  script.flush();
  script.sent.clear();
  script.peer({.seq = script.seq, .ack = script.ack + 1, .payload = "still talking"});
  EXPECT_EQ(as_text(connection->readable()), "still talking");
  ASSERT_EQ(script.pending(), 1u);
  EXPECT_EQ(script.next()->header.acknowledgment, script.seq + 13);
}

TEST(TcpHalfClose, AfterShutdownOfTheReadSideDataIsAcknowledgedAndGone) {
  TcpScript script;
  Connection* connection = script.establish();
  script.peer({.seq = script.seq, .ack = script.ack, .payload = "unread"});
  tcp_of(*script.stack).shutdown_read(static_cast<tcp::Tcb&>(*connection));
  EXPECT_TRUE(connection->readable().empty());
  script.sent.clear();
  script.peer({.seq = script.seq + 6, .ack = script.ack, .payload = "more"});
  ASSERT_EQ(script.pending(), 1u);
  EXPECT_EQ(script.next()->header.acknowledgment, script.seq + 10);
  EXPECT_TRUE(connection->readable().empty());
  connection->close();
  script.stack->release(*connection);
  script.flush();
  EXPECT_EQ(script.sent.back().header.flags, kFin | kAck);  // nothing was lost: no reset
}

TEST(TcpHalfClose, ReleaseWithUnreadDataResets) {  // RFC 9293 3.10.4, RFC 2525 2.17
  TcpScript script;
  Connection* connection = script.establish();
  script.peer({.seq = script.seq, .ack = script.ack, .payload = "unread"});
  script.sent.clear();
  connection->close();
  script.stack->release(*connection);
  script.flush();
  ASSERT_EQ(script.pending(), 1u);
  EXPECT_TRUE(script.sent[0].header.has(kRst));
  EXPECT_EQ(script.stack->open_connections(), 0u);
}

TEST(TcpWindow, ReadingBringsNoUpdateWhenAllThatCanBeSaidIsOffered) {
  TcpScript script([](StackOptions& options) { options.quick_ack = false; });
  Connection* connection = script.establish({.mss = 1'000});  // no window scale: 65,535 at most
  script.peer({.seq = script.seq, .ack = script.ack, .payload = "read me"});
  connection->consume(7);
  script.flush();
  EXPECT_EQ(script.pending(), 0u);
}

TEST(TcpWindow, AProbeOfAClosedWindowIsAnsweredAndItsAckCounts) {  // RFC 9293 3.10.7.4
  TcpScript script([](StackOptions& options) { options.receive_window = 2'000; });
  Connection* connection = script.establish({.mss = 1'000});
  const std::string block(1'000, 'x');
  script.peer({.seq = script.seq, .ack = script.ack, .payload = block});
  script.peer({.seq = script.seq + 1'000, .ack = script.ack, .payload = block});
  connection->write(as_bytes("answer"));
  script.flush();
  EXPECT_EQ(script.sent.back().header.window, 0u);
  script.sent.clear();
  script.peer({.seq = script.seq + 2'000, .ack = script.ack + 6, .payload = "?"});
  EXPECT_TRUE(connection->write_drained());
  ASSERT_EQ(script.pending(), 1u);
  EXPECT_EQ(script.sent[0].header.acknowledgment, script.seq + 2'000);
  EXPECT_EQ(script.sent[0].header.window, 0u);
}

}  // namespace sluice::net::test
