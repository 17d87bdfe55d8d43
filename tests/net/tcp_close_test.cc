#include <gtest/gtest.h>

#include "tests/support/tcp_script.h"

namespace sluice::net::test {
namespace {

bool pool_full(TcpScript& script) {
  auto& pool = script.wire.port(0).pool();
  return pool.available() == pool.capacity();
}

// The stack closes first: FIN, its ACK, the peer's FIN, our ACK.
void close_actively(TcpScript& script, Connection& connection) {
  connection.close();
  script.flush();
  const auto fin = script.next();
  ASSERT_TRUE(fin && fin->header.has(kFin));
  script.peer({.flags = kFin | kAck, .seq = script.seq, .ack = script.ack + 1});
  const auto ack = script.next();
  ASSERT_TRUE(ack);
  EXPECT_EQ(ack->header.acknowledgment, script.seq + 1);
}

}  // namespace

TEST(TcpClose, TheFinFollowsWhatWasWritten) {
  TcpScript script;
  Connection* connection = script.establish();
  connection->write(as_bytes("221 Bye\r\n"));
  connection->close();
  EXPECT_EQ(connection->write(as_bytes("too late")), 0u);
  script.flush();
  ASSERT_EQ(script.pending(), 1u);
  EXPECT_EQ(script.sent[0].payload, "221 Bye\r\n");
  EXPECT_TRUE(script.sent[0].header.has(kFin));
}

TEST(TcpClose, AfterAnActiveCloseTimeWaitAnswersARepeatedFinAndThenEnds) {
  TcpScript script;
  Connection* connection = script.establish();
  close_actively(script, *connection);
  script.stack->release(*connection);
  EXPECT_EQ(script.stack->open_connections(), 0u);
  EXPECT_EQ(stack_counters(*script.stack).time_wait, 1u);
  script.peer({.flags = kFin | kAck, .seq = script.seq, .ack = script.ack + 1});
  EXPECT_EQ(script.next()->header.acknowledgment, script.seq + 1);
  script.peer({.flags = kRst, .seq = script.seq + 1});  // RFC 1337
  EXPECT_EQ(stack_counters(*script.stack).time_wait, 1u);
  script.pass(seconds(61));
  EXPECT_EQ(stack_counters(*script.stack).time_wait, 0u);
  EXPECT_TRUE(pool_full(script));
}

TEST(TcpClose, ANewSynEndsTimeWaitAndAnOldOneIsChallenged) {  // RFC 9293 3.10.7.4, RFC 6191
  TcpScript script;
  Connection* connection = script.establish();
  close_actively(script, *connection);
  script.stack->release(*connection);
  script.peer({.flags = kSyn, .seq = script.seq - 100});
  ASSERT_EQ(script.pending(), 1u);
  EXPECT_EQ(script.next()->header.flags, kAck);
  EXPECT_EQ(stack_counters(*script.stack).time_wait, 1u);
  script.peer({.flags = kSyn, .seq = script.seq + 100'000});
  ASSERT_EQ(script.pending(), 1u);
  const auto syn_ack = script.next();
  EXPECT_EQ(syn_ack->header.flags, kSyn | kAck);
  EXPECT_GT(syn_ack->header.sequence, script.ack);  // above all of the old connection
  EXPECT_EQ(stack_counters(*script.stack).time_wait, 0u);
}

TEST(TcpClose, ThePeerMayCloseFirstAndStillBeAnswered) {
  TcpScript script;
  Connection* connection = script.establish();
  script.peer({.flags = kFin | kAck, .seq = script.seq, .ack = script.ack});
  EXPECT_TRUE(connection->read_finished());
  connection->write(as_bytes("late answer"));
  connection->close();
  script.stack->release(*connection);
  script.flush();
  EXPECT_EQ(script.sent.back().payload, "late answer");
  EXPECT_TRUE(script.sent.back().header.has(kFin));
  script.peer({.seq = script.seq + 1, .ack = script.ack + 12});
  EXPECT_EQ(script.stack->open_connections(), 0u);
  EXPECT_EQ(stack_counters(*script.stack).time_wait, 0u);
  EXPECT_TRUE(pool_full(script));
}

TEST(TcpClose, BothMayCloseAtOnce) {  // RFC 9293 figure 13
  TcpScript script;
  Connection* connection = script.establish();
  connection->close();
  script.flush();
  script.peer({.flags = kFin | kAck, .seq = script.seq, .ack = script.ack});
  script.peer({.seq = script.seq + 1, .ack = script.ack + 1});
  EXPECT_EQ(stack_counters(*script.stack).time_wait, 1u);
  EXPECT_EQ(connection->state(), Connection::State::open);
  EXPECT_TRUE(connection->read_finished());
  script.stack->release(*connection);
  EXPECT_EQ(script.stack->open_connections(), 0u);
}

TEST(TcpClose, ReleaseWithoutCloseResets) {
  TcpScript script;
  Connection* connection = script.establish();
  connection->write(as_bytes("never sent"));
  script.stack->release(*connection);
  script.flush();
  ASSERT_EQ(script.pending(), 1u);
  EXPECT_TRUE(script.sent[0].header.has(kRst));
  EXPECT_EQ(script.sent[0].header.sequence, script.ack);
  EXPECT_EQ(script.stack->open_connections(), 0u);
  EXPECT_TRUE(pool_full(script));
}

TEST(TcpClose, APeerThatNeverClosesItsSideIsForgotten) {
  TcpScript script;
  Connection* connection = script.establish();
  connection->close();
  script.stack->release(*connection);
  script.flush();
  script.peer({.seq = script.seq, .ack = script.ack + 1});
  EXPECT_EQ(script.stack->open_connections(), 1u);
  script.pass(seconds(61));
  EXPECT_EQ(script.stack->open_connections(), 0u);
}

TEST(TcpClose, DataThatNobodyWillReadIsAnsweredByAReset) {  // RFC 1122 4.2.2.13
  TcpScript script;
  Connection* connection = script.establish();
  connection->close();
  script.stack->release(*connection);
  script.flush();
  script.sent.clear();
  script.peer({.seq = script.seq, .ack = script.ack + 1, .payload = "unheard"});
  ASSERT_EQ(script.pending(), 1u);
  EXPECT_EQ(script.sent[0].header.flags, kRst);
  EXPECT_EQ(script.sent[0].header.sequence, script.ack + 1);
  EXPECT_EQ(script.stack->open_connections(), 0u);
  EXPECT_TRUE(pool_full(script));
}

TEST(TcpClose, StopListeningRefusesNewConnectionsAndKeepsTheOldOnes) {
  TcpScript script;
  Connection* connection = script.establish();
  script.stack->stop_listening();
  script.peer({.flags = kSyn, .seq = 1, .remote_port = 50'000});
  EXPECT_TRUE(script.next()->header.has(kRst));
  script.peer({.seq = script.seq, .ack = script.ack, .payload = "still here"});
  EXPECT_EQ(connection->readable().size(), 10u);
}

}  // namespace sluice::net::test
