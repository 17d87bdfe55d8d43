// The scoreboard over a send queue of numbered packets.
#include <gtest/gtest.h>

#include "engine/base/random.h"
#include "engine/net/arena_pool.h"
#include "engine/net/tcp/sack_scoreboard.h"

namespace sluice::net::test {
namespace {

using namespace tcp;

constexpr std::uint32_t kMss = 100;

// `count` packets of 100 octets from sequence 0 on, all sent, one a microsecond.
class Board {
 public:
  explicit Board(std::uint32_t count, Sequence first = 0) : pool_(count + 8), first_(first) {
    queue.start(first);
    const std::string octets(count * kMss, 'x');
    EXPECT_EQ(queue.append(as_bytes(octets), pool_, kMss, 0), octets.size());
    for (std::int64_t at = 1'000; queue.next_to_send() != nullptr; at += 1'000)
      queue.mark_sent(*queue.next_to_send(), at);
  }

  AckSample sack(std::vector<SackBlock> blocks) {
    for (SackBlock& block : blocks) block = {first_ + block.left, first_ + block.right};
    AckSample sample;
    sample.highest = first_;
    take_sack_blocks(queue, blocks, first_, queue.end(), sample);
    return sample;
  }

  // A character per packet: '.' in flight, 's' SACKed, 'l' lost.
  std::string marks() const {
    std::string text;
    for (const Packet* packet = queue.first(); packet != nullptr; packet = packet->next)
      text += (packet->marks & kSacked) != 0 ? 's' : (packet->marks & kLost) != 0 ? 'l' : '.';
    return text;
  }

  bool counts_agree() const {
    std::uint32_t sacked = 0, lost = 0, flight = 0, listed = 0;
    for (const Packet* packet = queue.first(); packet != nullptr; packet = packet->next) {
      const bool is_sacked = (packet->marks & kSacked) != 0, is_lost = (packet->marks & kLost) != 0;
      (is_sacked ? sacked : is_lost ? lost : flight) += packet->sequence_length;
    }
    for (const Packet* packet = queue.oldest_in_flight(); packet != nullptr;
         packet = packet->sent_after)
      listed += packet->sequence_length;
    return sacked == queue.sacked() && lost == queue.lost() && flight == queue.in_flight() &&
           listed == flight;
  }

  ArenaPool pool_;
  SendQueue queue;
  Sequence first_;
};

}  // namespace

TEST(TcpScoreboard, BlocksMarkThePacketsThatLieWithinThem) {
  Board board(10);
  const AckSample sample = board.sack({{700, 900}, {200, 400}});
  EXPECT_EQ(board.marks(), "..ss...ss.");
  EXPECT_EQ(sample.delivered, 400u);
  EXPECT_EQ(board.queue.in_flight(), 600u);
  EXPECT_TRUE(board.counts_agree());
}

TEST(TcpScoreboard, APartOfAPacketIsNotMarked) {
  Board board(4);
  board.sack({{150, 350}});
  EXPECT_EQ(board.marks(), "..s.");
}

TEST(TcpScoreboard, WhatWasSackedBeforeDoesNotCountAgain) {
  Board board(10);
  board.sack({{200, 500}});
  EXPECT_EQ(board.sack({{200, 500}}).delivered, 0u);
  EXPECT_EQ(board.sack({{200, 600}}).delivered, 100u);
  EXPECT_EQ(board.sack({{800, 900}, {200, 600}}).delivered, 100u);
  EXPECT_EQ(board.sack({{100, 1'000}}).delivered, 400u);
  EXPECT_EQ(board.marks(), ".sssssssss");
}

TEST(TcpScoreboard, BlocksOutsideWhatIsOutstandingSayNothing) {
  for (const SackBlock block : {SackBlock{0, 300}, SackBlock{500, 1'100}, SackBlock{400, 400},
                                SackBlock{500, 300}, SackBlock{UINT32_MAX - 500, 200}}) {
    Board board(10);
    EXPECT_EQ(board.sack({block}).delivered, 0u);
    EXPECT_EQ(board.marks(), "..........");
  }
}

TEST(TcpScoreboard, SequenceNumbersWrap) {
  Board board(10, UINT32_MAX - 450);
  board.sack({{300, 800}});
  EXPECT_EQ(board.marks(), "...sssss..");
  EXPECT_TRUE(board.counts_agree());
}

TEST(TcpScoreboard, ARunOfSackedPacketsIsOneStep) {
  Board board(2'000);
  for (std::uint32_t end = 200; end <= 199'900; end += 100) board.sack({{100, end}});
  Packet* second = board.queue.first()->next;
  EXPECT_EQ(SendQueue::end_of_run(*second)->sequence, 199'800u);
}

TEST(TcpScoreboard, AnyOrderOfBlocksGivesTheSameMarks) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    sluice::Random random(seed);
    Board board(60);
    std::string expected(60, '.');
    for (int ack = 0; ack < 5; ++ack) {
      std::vector<SackBlock> blocks;
      for (int i = 0; i < 3; ++i) {
        const auto from = static_cast<std::uint32_t>(1 + random.below(58));
        const auto to = static_cast<std::uint32_t>(from + 1 + random.below(4));
        blocks.push_back({from * kMss, std::min(to, 60u) * kMss});
        for (std::uint32_t at = from; at < std::min(to, 60u); ++at) expected[at] = 's';
      }
      board.sack(blocks);
    }
    EXPECT_EQ(board.marks(), expected) << "seed " << seed;
    EXPECT_TRUE(board.counts_agree()) << "seed " << seed;
  }
}

TEST(TcpScoreboard, WithoutRackThreeSegmentsAboveMakeALoss) {  // RFC 6675 4, IsLost
  Board board(10);
  board.sack({{200, 400}});
  mark_lost_by_threshold(board.queue, kMss);
  EXPECT_EQ(board.marks(), "..ss......");
  board.sack({{200, 400}, {500, 600}});
  mark_lost_by_threshold(board.queue, kMss);
  EXPECT_EQ(board.marks(), "llss.s....");
  EXPECT_EQ(board.queue.next_lost(), board.queue.first());
  EXPECT_TRUE(board.counts_agree());
}

TEST(TcpScoreboard, ATimeoutForgetsTheMarksOfThePeer) {  // RFC 2018 8
  Board board(6);
  board.sack({{200, 400}});
  board.queue.mark_timed_out(INT64_MAX);
  EXPECT_EQ(board.marks(), "llllll");
  EXPECT_EQ(board.queue.next_lost(), board.queue.first());
  EXPECT_TRUE(board.counts_agree());
}

TEST(TcpScoreboard, ATimeoutSparesWhatWasSentLately) {  // RFC 8985 6.3
  Board board(6);
  board.queue.mark_timed_out(2'000);
  EXPECT_EQ(board.marks(), "ll....");
}

TEST(TcpScoreboard, LostPacketsAreTakenInOrderOfSequence) {
  Board board(6);
  board.sack({{500, 600}});
  for (Packet* packet : {board.queue.first()->next->next, board.queue.first()})
    board.queue.mark_lost(*packet);
  EXPECT_EQ(board.marks(), "l.l..s");
  board.queue.mark_sent(*board.queue.next_lost(), 9'000);
  EXPECT_EQ(board.queue.next_lost()->sequence, 200u);
  board.queue.mark_sent(*board.queue.next_lost(), 9'000);
  EXPECT_EQ(board.queue.next_lost(), nullptr);
  EXPECT_TRUE(board.counts_agree());
}

TEST(TcpScoreboard, WhatWasNotLostAfterAllIsInFlightAgainBeforeTheRest) {
  Board board(6);
  board.queue.mark_timed_out(INT64_MAX);
  board.queue.mark_sent(*board.queue.next_lost(), 9'000);
  board.queue.restore_lost();
  EXPECT_EQ(board.marks(), "......");
  EXPECT_EQ(board.queue.oldest_in_flight()->sequence, 100u);
  EXPECT_TRUE(board.counts_agree());
}

TEST(TcpScoreboard, APartialAckLeavesTheRestOfThePacketInItsState) {
  Board board(4);
  board.queue.mark_lost(*board.queue.first());
  AckSample sample;
  board.queue.acknowledge(50, sample);
  EXPECT_EQ(sample.acknowledged, 50u);
  EXPECT_EQ(board.queue.lost(), 50u);
  EXPECT_TRUE(board.counts_agree());
}

TEST(TcpScoreboard, TheHalvesOfAPacketShareItsState) {
  Board board(3);
  ASSERT_TRUE(board.queue.split(*board.queue.first()->next, 40));
  board.queue.mark_lost(*board.queue.first());
  ASSERT_TRUE(board.queue.split(*board.queue.first(), 30));
  EXPECT_EQ(board.marks(), "ll...");
  EXPECT_TRUE(board.counts_agree());
}

TEST(TcpScoreboard, ADuplicateBlockIsBelowTheAckOrWithinTheSecond) {  // RFC 2883 4
  using Blocks = std::vector<SackBlock>;
  EXPECT_TRUE(duplicate_block(Blocks{{100, 200}}, 200));
  EXPECT_TRUE(duplicate_block(Blocks{{300, 400}, {300, 600}}, 200));
  EXPECT_FALSE(duplicate_block(Blocks{{300, 400}}, 200));
  EXPECT_FALSE(duplicate_block(Blocks{{300, 400}, {500, 600}}, 200));
  EXPECT_FALSE(duplicate_block(Blocks{}, 200));
}

}  // namespace sluice::net::test
