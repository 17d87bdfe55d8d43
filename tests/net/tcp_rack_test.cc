// RACK against the steps of RFC 8985 6.2.
#include <gtest/gtest.h>

#include "engine/net/arena_pool.h"
#include "engine/net/tcp/rack.h"
#include "engine/net/tcp/reordering_window.h"
#include "engine/net/tcp/sack_scoreboard.h"

namespace sluice::net::test {
namespace {

using namespace tcp;

constexpr std::uint32_t kMss = 100;

// Ten packets sent 1 ms apart from 1 ms on, over a path with a round trip of 40 ms.
struct Sender {
  Sender() : pool(32), rack(0) {
    queue.start(0);
    rtt.start(seconds(1));
    rtt.sample(milliseconds(40), milliseconds(200));
    rtt.note_minimum(milliseconds(40), Instant{} + seconds(1));
    queue.append(as_bytes(std::string(10 * kMss, 'x')), pool, kMss, 0);
    for (int i = 1; i <= 10; ++i) queue.mark_sent(*queue.next_to_send(), milliseconds(i).ns);
  }

  // The ACK of `una` with one block, as it arrives at `ms`. Returns the wait for the next look.
  Duration ack(std::int64_t ms, Sequence una, SackBlock block, bool recovering = false) {
    AckSample sample;
    now = Instant{} + milliseconds(ms);
    sample.now_ns = now.ns;
    sample.rtt_min_ns = milliseconds(40).ns;
    sample.highest = rack.highest_delivered();
    queue.acknowledge(una, sample);
    take_sack_blocks(queue, {&block, 1}, una, 10 * kMss, sample);
    rack.take(sample);
    if (sample.reordering) window.note_reordering();
    const bool sure = recovering || queue.sacked_packets() >= kDuplicateThreshold;
    return rack.detect_loss(queue, window.length(rtt, sure), now);
  }

  std::uint32_t lost() const { return queue.lost() / kMss; }

  ArenaPool pool;
  SendQueue queue;
  Rack rack;
  ReorderingWindow window;
  RttEstimator rtt;
  Instant now{};
};

}  // namespace

TEST(TcpRack, APacketIsLostAQuarterRoundTripAfterALaterOneArrived) {
  Sender sender;
  const Duration wait = sender.ack(42, 0, {100, 200});  // the second, sent at 2 ms
  EXPECT_EQ(sender.lost(), 0u);
  EXPECT_EQ(wait, milliseconds(9));  // sent 1 ms earlier; 40 / 4 in all
  const Duration window = sender.window.length(sender.rtt, false);
  EXPECT_EQ(sender.rack.detect_loss(sender.queue, window, sender.now + wait), Duration{});
  EXPECT_EQ(sender.lost(), 1u);
}

TEST(TcpRack, ThreeSackedPacketsCloseTheWindowUntilReorderingIsSeen) {
  Sender sender;
  sender.ack(42, 0, {100, 300});
  EXPECT_EQ(sender.lost(), 0u);
  sender.ack(44, 0, {100, 400});
  EXPECT_EQ(sender.lost(), 1u);
}

TEST(TcpRack, AnOriginalThatArrivesLateIsReordering) {
  Sender sender;
  sender.ack(42, 0, {100, 200});
  EXPECT_FALSE(sender.window.seen());
  sender.ack(43, 200, {});
  EXPECT_TRUE(sender.window.seen());
  sender.ack(50, 200, {300, 800});  // many are SACKed, and yet there is a window
  EXPECT_EQ(sender.lost(), 0u);
}

TEST(TcpRack, PacketsSentAfterTheDeliveredOneAreNotJudged) {
  Sender sender;
  EXPECT_EQ(sender.ack(500, 100, {}), Duration{});  // late as it is, only the first has arrived
  EXPECT_EQ(sender.lost(), 0u);
  EXPECT_EQ(sender.queue.in_flight(), 9 * kMss);
}

TEST(TcpRack, ALostRetransmissionIsFoundByALaterPacket) {
  Sender sender;
  sender.ack(44, 0, {100, 400});
  ASSERT_EQ(sender.lost(), 1u);
  sender.queue.mark_sent(*sender.queue.first(), milliseconds(44).ns);
  sender.ack(45, 0, {100, 500}, true);
  EXPECT_EQ(sender.lost(), 0u);
  sender.queue.append(as_bytes(std::string(kMss, 'y')), sender.pool, kMss, 0);
  sender.queue.mark_sent(*sender.queue.next_to_send(), milliseconds(46).ns);
  AckSample sample;
  sample.now_ns = milliseconds(86).ns;
  sample.rtt_min_ns = milliseconds(40).ns;
  const SackBlock block{1'000, 1'100};
  take_sack_blocks(sender.queue, {&block, 1}, 0, 1'100, sample);
  sender.rack.take(sample);
  sender.rack.detect_loss(sender.queue, {}, Instant{sample.now_ns});
  EXPECT_EQ(sender.lost(), 6u);  // the retransmission and the five that nobody has SACKed
}

TEST(TcpRack, AnAckOfARetransmissionThatCameTooFastIsForTheOriginal) {
  Sender sender;
  sender.queue.mark_lost(*sender.queue.first());
  sender.queue.mark_sent(*sender.queue.first(), milliseconds(60).ns);
  sender.ack(65, 100, {});  // 5 ms after it, where no round trip took less than 40
  EXPECT_EQ(sender.rack.rtt_us(), 0u);
}

TEST(TcpRack, DuplicateSacksWidenTheWindowOncePerRoundTrip) {  // step 4
  Sender sender;
  sender.ack(42, 0, {100, 200});
  sender.ack(43, 200, {});  // reordering
  auto window = [&] { return sender.window.length(sender.rtt, false); };
  EXPECT_EQ(window(), milliseconds(10));
  sender.window.adapt(true, 200, 1'000);
  sender.window.adapt(true, 300, 1'000);
  EXPECT_EQ(window(), milliseconds(20));
  sender.window.adapt(true, 1'000, 2'000);
  EXPECT_EQ(window(), milliseconds(30));
  for (int i = 0; i < 5; ++i) sender.window.adapt(true, 2'000 + 1'000 * i, 3'000 + 1'000 * i);
  EXPECT_EQ(window(), milliseconds(40));  // never above SRTT
  for (int i = 0; i < 16; ++i) sender.window.leave_recovery();
  EXPECT_EQ(window(), milliseconds(10));
}

}  // namespace sluice::net::test
