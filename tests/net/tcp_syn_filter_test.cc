// Refusal at the SYN, as the stack sees it: a filter with one answer for one source.
#include <gtest/gtest.h>

#include "engine/net/syn_filter.h"
#include "tests/support/tcp_script.h"

namespace sluice::net::test {
namespace {

class OneSource final : public SynFilter {
 public:
  SynVerdict answer = SynVerdict::admit;
  unsigned asked = 0;

  void verdicts(std::span<const IpAddress> sources, SynVerdict* verdicts) noexcept override {
    asked += static_cast<unsigned>(sources.size());
    for (const IpAddress& source : sources)
      *verdicts++ = source == IpAddress::from_v4(kAddressB) ? answer : SynVerdict::admit;
  }
};

struct Filtered {
  OneSource filter;
  TcpScript script{[this](StackOptions& options) { options.syn_filter = &filter; }};

  void syn() { script.peer({.flags = kSyn, .seq = 77}); }
  std::uint64_t refused() { return stack_counters(*script.stack).syns_refused; }
};

}  // namespace

TEST(TcpSynFilter, ADroppedSynIsNotAnsweredAndLeavesNothing) {
  Filtered test;
  test.filter.answer = SynVerdict::drop;
  test.syn();
  EXPECT_EQ(test.script.pending(), 0u);
  EXPECT_EQ(test.script.stack->open_connections(), 0u);
  EXPECT_EQ(test.refused(), 1u);
}

TEST(TcpSynFilter, AResetSynIsAnsweredWithRstAndLeavesNothing) {
  Filtered test;
  test.filter.answer = SynVerdict::reset;
  test.syn();
  const auto reset = test.script.next();
  ASSERT_TRUE(reset);
  EXPECT_EQ(reset->header.flags, kRst | kAck);
  EXPECT_EQ(reset->header.acknowledgment, 78u);
  EXPECT_EQ(test.script.stack->open_connections(), 0u);
  EXPECT_EQ(test.refused(), 1u);
}

TEST(TcpSynFilter, AnAdmittedSynOpensAConnection) {
  Filtered test;
  EXPECT_NE(test.script.establish(), nullptr);
  EXPECT_EQ(test.filter.asked, 1u);
  EXPECT_EQ(test.refused(), 0u);
}

TEST(TcpSynFilter, AnEstablishedConnectionOfARefusedSourceGoesOn) {
  Filtered test;
  Connection* connection = test.script.establish();
  test.filter.answer = SynVerdict::drop;
  test.script.peer({.seq = test.script.seq, .ack = test.script.ack, .payload = "still here"});
  EXPECT_EQ(as_text(connection->readable()), "still here");
  EXPECT_EQ(test.filter.asked, 1u);
}

TEST(TcpSynFilter, TheAnswerToOurOwnSynIsNotAskedAbout) {
  Filtered test;
  test.filter.answer = SynVerdict::drop;
  auto connection = test.script.stack->connect({IpAddress::from_v4(kAddressB), 2'525}, 9);
  test.script.flush();
  const auto syn = test.script.next();
  test.script.peer({.flags = kSyn | kAck,
                    .seq = 5'000,
                    .ack = syn->header.sequence + 1,
                    .local_port = syn->header.source_port,
                    .remote_port = 2'525});
  EXPECT_EQ((*connection)->state(), Connection::State::open);
  EXPECT_EQ(test.filter.asked, 0u);
}

}  // namespace sluice::net::test
