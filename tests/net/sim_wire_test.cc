// The simulated wire itself: an instrument that is wrong makes every reading wrong.
#include <gtest/gtest.h>

#include "engine/net/wire/ethernet.h"
#include "tests/support/wire/path.h"
#include "tests/support/wire/switch.h"

namespace sluice::net::test {
namespace {

struct Sink final : Node {
  explicit Sink(const Timeline& timeline_in) : timeline(timeline_in) {}
  void take(Frame frame) override {
    frames.push_back(std::move(frame));
    times.push_back(timeline.now());
  }
  const Timeline& timeline;
  std::vector<Frame> frames;
  std::vector<Instant> times;
};

constexpr MacAddress kMacA{2, 0, 0, 0, 0, 1};
constexpr MacAddress kMacB{2, 0, 0, 0, 0, 2};

Frame frame_of(const MacAddress& to, const MacAddress& from, std::size_t size = 100) {
  Frame frame(size);
  write_ethernet(frame.data(), {to, from, kEtherTypeIpv4});
  return frame;
}

struct Bench {
  explicit Bench(const WireOptions& options) : path(timeline, random, options), sink(timeline) {
    path.feed(sink);
  }
  std::size_t send(std::size_t count, std::size_t size = 100) {
    for (std::size_t i = 0; i < count; ++i) {
      Frame frame = frame_of(kMacB, kMacA, size);
      frame[20] = static_cast<std::uint8_t>(i);
      path.take(std::move(frame));
    }
    timeline.advance(timeline.now() + minutes(1));
    return sink.frames.size();
  }
  Timeline timeline;
  Random random{1};
  Path path;
  Sink sink;
};

}  // namespace

TEST(SimWire, AFrameArrivesAfterTheDelayAndAtThatTime) {
  Bench bench({.delay = milliseconds(7)});
  EXPECT_EQ(bench.send(1), 1u);
  EXPECT_EQ(bench.sink.times[0], Instant{} + milliseconds(7));
}

TEST(SimWire, LossTakesItsShare) {
  Bench bench({.loss = 0.1});
  EXPECT_NEAR(static_cast<double>(bench.send(10'000)), 9'000, 150);
}

TEST(SimWire, BurstsLoseSeveralInARow) {
  Bench bench({.burst = {.begins = 0.01, .ends = 0.1, .loss = 1}});
  const std::size_t arrived = bench.send(20'000);
  std::size_t gaps = 0;
  for (std::size_t i = 1; i < arrived; ++i)
    gaps += static_cast<std::uint8_t>(bench.sink.frames[i][20] - bench.sink.frames[i - 1][20]) != 1;
  const double lost = static_cast<double>(20'000 - arrived);
  EXPECT_NEAR(lost / static_cast<double>(gaps), 10, 2.5);
  EXPECT_NEAR(lost, 20'000 * 0.01 / 0.11, 400);
}

TEST(SimWire, DuplicatesArriveTwice) {
  Bench bench({.duplicate = 1});
  EXPECT_EQ(bench.send(10), 20u);
}

TEST(SimWire, CorruptionFlipsOneBitOfThePacketAndSparesTheEthernetHeader) {
  Bench bench({.corrupt = 1});
  bench.send(1'000);
  for (std::size_t i = 0; i < bench.sink.frames.size(); ++i) {
    Frame clean = frame_of(kMacB, kMacA);
    clean[20] = static_cast<std::uint8_t>(i);
    int bits = 0;
    for (std::size_t at = 0; at < clean.size(); ++at) {
      const int flipped =
          std::popcount(static_cast<unsigned>(clean[at] ^ bench.sink.frames[i][at]));
      if (at < kEthernetHeaderLength) {
        ASSERT_EQ(flipped, 0);
      }
      bits += flipped;
    }
    ASSERT_EQ(bits, 1);
  }
}

TEST(SimWire, OnlyReorderedFramesAreOvertaken) {
  Bench straight({.delay = milliseconds(1)});
  straight.send(200);
  Bench mixed({.delay = milliseconds(1), .jitter = milliseconds(9), .reorder = 0.2});
  EXPECT_EQ(mixed.send(200), 200u);
  const auto ordered = [](const Sink& sink) {
    for (std::size_t i = 1; i < sink.frames.size(); ++i)
      if (sink.frames[i][20] < sink.frames[i - 1][20]) return false;
    return true;
  };
  EXPECT_TRUE(ordered(straight.sink));
  EXPECT_FALSE(ordered(mixed.sink));
}

TEST(SimWire, ABottleneckSpacesFramesByItsRateAndDropsWhatItsQueueCannotHold) {
  // 1,000 octets at 8 Mb/s take 1 ms; the queue, with the frame on the link, holds five of them.
  Bench bench({.delay = {}, .bits_per_second = 8'000'000, .queue_octets = 5'000});
  EXPECT_EQ(bench.send(8, 1'000), 5u);
  EXPECT_EQ(bench.path.bottleneck().dropped(), 3u);
  for (std::size_t i = 0; i < 5; ++i)
    EXPECT_EQ(bench.sink.times[i], Instant{} + milliseconds(static_cast<std::int64_t>(i) + 1));
}

TEST(SimWire, ASwitchFloodsWhatItDoesNotKnowAndLearnsWhereHostsAre) {
  Timeline timeline;
  Switch hub;
  Sink a(timeline), b(timeline), c(timeline);
  Node& from_a = hub.add_port(a);
  Node& from_b = hub.add_port(b);
  hub.add_port(c);
  from_a.take(frame_of(kBroadcastMac, kMacA));
  from_b.take(frame_of(kMacA, kMacB));
  from_a.take(frame_of(kMacB, kMacA));
  EXPECT_EQ(a.frames.size(), 1u);
  EXPECT_EQ(b.frames.size(), 2u);
  EXPECT_EQ(c.frames.size(), 1u);
}

}  // namespace sluice::net::test
