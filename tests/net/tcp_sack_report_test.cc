// What the receiver says about data beyond a gap and about duplicates (RFC 2018 4, RFC 2883 4).
#include "engine/net/tcp/sack_report.h"

#include <gtest/gtest.h>

#include "tests/support/tcp_script.h"

namespace sluice::net::test {
namespace {

using Blocks = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

// The blocks of the last segment that left, from the peer's first octet on.
Blocks blocks(const TcpScript& script) {
  Blocks found;
  if (script.sent.empty()) return found;
  const TcpOptions& options = script.sent.back().options;
  for (std::uint8_t i = 0; i < options.sack_count; ++i)
    found.emplace_back(options.sack[i].left - TcpScript::kPeerIss,
                       options.sack[i].right - TcpScript::kPeerIss);
  return found;
}

class TcpSackReport : public testing::Test {
 protected:
  TcpSackReport() { script.establish({.mss = 1'460, .sack_permitted = true}); }
  // Octets [left, right) of the stream, the first of which is 1.
  void arrive(std::uint32_t left, std::uint32_t right) {
    const std::string octets(right - left, 'x');
    script.peer({.seq = TcpScript::kPeerIss + left, .ack = script.ack, .payload = octets});
  }
  std::uint32_t acknowledged() const {
    return script.sent.back().header.acknowledgment - TcpScript::kPeerIss;
  }
  void three_islands() {
    arrive(1, 100);
    arrive(200, 300);
    arrive(400, 500);
    arrive(600, 700);
  }
  TcpScript script;
};

}  // namespace

TEST_F(TcpSackReport, TheLatestBlockStandsFirst) {
  three_islands();
  EXPECT_EQ(blocks(script), (Blocks{{600, 700}, {400, 500}, {200, 300}}));
  arrive(500, 600);
  EXPECT_EQ(blocks(script), (Blocks{{400, 700}, {200, 300}}));
  arrive(100, 200);
  EXPECT_EQ(acknowledged(), 300u);
  EXPECT_EQ(blocks(script), (Blocks{{400, 700}}));
  arrive(300, 400);
  EXPECT_EQ(acknowledged(), 700u);
  EXPECT_EQ(blocks(script), Blocks{});
}

TEST_F(TcpSackReport, ADuplicateBelowTheWindowIsToldOnce) {
  arrive(1, 100);
  arrive(1, 50);
  EXPECT_EQ(blocks(script), (Blocks{{1, 50}}));
  arrive(100, 150);
  script.pass(milliseconds(40));
  EXPECT_EQ(blocks(script), Blocks{});
}

TEST_F(TcpSackReport, ADuplicateBeyondAGapStandsBeforeTheBlockThatHoldsIt) {
  three_islands();
  arrive(400, 475);
  EXPECT_EQ(blocks(script), (Blocks{{400, 475}, {400, 500}, {600, 700}, {200, 300}}));
}

TEST_F(TcpSackReport, OfSeveralDuplicatePartsTheFirstIsTold) {
  three_islands();
  arrive(250, 600);
  EXPECT_EQ(blocks(script), (Blocks{{250, 300}, {200, 700}}));
  EXPECT_EQ(acknowledged(), 100u);
}

TEST_F(TcpSackReport, AFilledGapTellsWhatItBroughtTwice) {
  three_islands();
  arrive(100, 700);
  EXPECT_EQ(acknowledged(), 700u);
  EXPECT_EQ(blocks(script), (Blocks{{200, 300}}));
  arrive(1, 800);
  EXPECT_EQ(blocks(script), (Blocks{{1, 700}}));
}

TEST_F(TcpSackReport, DataCarriesBlocksWhenThereIsRoom) {
  arrive(1, 100);
  arrive(200, 300);
  Connection* connection = script.stack->next_ready();
  connection->write(as_bytes("short"));
  script.flush();
  EXPECT_EQ(script.sent.back().payload, "short");
  EXPECT_EQ(blocks(script), (Blocks{{200, 300}}));
}

TEST(SackReport, RemembersTheFourLatestBlocks) {
  tcp::SackReport report;
  for (std::uint32_t i = 1; i <= 6; ++i) report.arrived({i * 100, i * 100 + 50});
  TcpOptions options;
  report.fill(options, kSackBlocksMax);
  ASSERT_EQ(options.sack_count, 4);
  EXPECT_EQ(options.sack[0].left, 600u);
  EXPECT_EQ(options.sack[3].left, 300u);
  report.advance(500);
  report.fill(options, 3);
  ASSERT_EQ(options.sack_count, 1);
  EXPECT_EQ(options.sack[0].left, 600u);
}

}  // namespace sluice::net::test
