// The estimates and windows of the sender, each against the formulas of its RFC.
#include <gtest/gtest.h>

#include <cmath>

#include "engine/net/tcp/congestion.h"
#include "engine/net/tcp/prr.h"
#include "engine/net/tcp/rtt.h"

namespace sluice::net::test {
namespace {

using tcp::Congestion;
using tcp::Cubic;
using tcp::HyStart;
using tcp::Prr;

constexpr std::uint32_t kMss = 1'000;

Congestion window_of(CongestionControl algorithm, std::uint32_t segments = 10) {
  Congestion congestion;
  congestion.start(algorithm, segments * kMss);
  return congestion;
}

// A sender that always fills its window; each call is one round trip with an ACK per segment.
void round_trip(Congestion& congestion, std::uint32_t& una, Instant& now, Duration rtt) {
  const std::uint32_t segments = congestion.window() / kMss;
  now = now + rtt;
  for (std::uint32_t i = 0; i < segments; ++i) {
    congestion.note_flight(congestion.window(), true, una, una + congestion.window());
    una += kMss;
    congestion.on_ack({kMss, kMss, una, una + congestion.window(), rtt, rtt, now});
  }
}

}  // namespace

// A FIN can be lost when no model is left.
TEST(TcpCongestion, WithBbrNothingTouchesTheModelsPlace) {
  Congestion congestion = window_of(CongestionControl::bbr);
  congestion.on_congestion(kMss, kMss);
  congestion.on_timeout(kMss);
  congestion.restore(10 * kMss, Congestion::kThresholdMax);
  EXPECT_EQ(congestion.model(), Congestion::kNoModel);
}

TEST(TcpRtt, FollowsRfc6298WithTheMinimumInPlaceOfTheGranularity) {
  tcp::RttEstimator rtt;
  rtt.start(seconds(1));
  EXPECT_EQ(rtt.timeout(0), seconds(1));
  EXPECT_EQ(rtt.timeout(2), seconds(4));
  EXPECT_EQ(rtt.timeout(20), tcp::kRtoMax);
  rtt.sample(milliseconds(100), milliseconds(200));
  EXPECT_EQ(rtt.timeout(0), milliseconds(300));  // R + 4 * R/2
  for (int i = 0; i < 100; ++i) rtt.sample(milliseconds(100), milliseconds(200));
  EXPECT_EQ(rtt.timeout(0), milliseconds(300));  // no variation: R + the minimum
}

TEST(TcpRtt, TheMinimumIsForgottenAfterFiveMinutes) {
  tcp::RttEstimator rtt;
  rtt.start(seconds(1));
  rtt.note_minimum(milliseconds(10), Instant{} + seconds(1));
  rtt.note_minimum(milliseconds(30), Instant{} + seconds(200));
  EXPECT_EQ(rtt.min_us(), 10'000u);
  rtt.note_minimum(milliseconds(30), Instant{} + seconds(302));
  EXPECT_EQ(rtt.min_us(), 30'000u);
}

TEST(TcpCongestion, SlowStartDoublesPerRoundTripAndRenoAddsOneSegment) {
  Congestion reno = window_of(CongestionControl::reno);
  std::uint32_t una = 0;
  Instant now{1};
  round_trip(reno, una, now, milliseconds(20));
  EXPECT_EQ(reno.window(), 20 * kMss);
  reno.on_congestion(20 * kMss, kMss);
  reno.on_timeout(kMss);
  EXPECT_EQ(reno.window(), kMss);
  EXPECT_EQ(reno.threshold(), 10 * kMss);
  for (int i = 0; i < 4; ++i) round_trip(reno, una, now, milliseconds(20));
  EXPECT_EQ(reno.window(), 10 * kMss);  // 2, 4, 8, and no further than the threshold
  round_trip(reno, una, now, milliseconds(20));
  EXPECT_EQ(reno.window(), 11 * kMss);
}

TEST(TcpCongestion, SlowStartCountsEveryOctetOfAnAckForManySegments) {
  Congestion congestion = window_of(CongestionControl::cubic);
  congestion.note_flight(10 * kMss, true, 0, 10 * kMss);
  congestion.on_ack({10 * kMss, kMss, 10 * kMss, 10 * kMss, {}, {}, Instant{1}});
  EXPECT_EQ(congestion.window(), 20 * kMss);
}

TEST(TcpCongestion, AWindowThatIsNotUsedDoesNotGrow) {
  for (const auto algorithm : {CongestionControl::reno, CongestionControl::cubic}) {
    Congestion congestion = window_of(algorithm);
    for (std::uint32_t una = 0; una < 100 * kMss; una += kMss) {
      congestion.note_flight(kMss, false, una, una + kMss);
      congestion.on_ack({kMss, kMss, una + kMss, una + kMss, {}, milliseconds(10), Instant{1}});
    }
    EXPECT_EQ(congestion.window(), 10 * kMss);
  }
}

TEST(TcpCongestion, ReductionIsByHalfForRenoAndToSeventyPercentForCubic) {
  Congestion reno = window_of(CongestionControl::reno, 20);
  reno.on_congestion(20 * kMss, kMss);
  EXPECT_EQ(reno.threshold(), 10 * kMss);
  Congestion cubic = window_of(CongestionControl::cubic, 20);
  cubic.on_congestion(20 * kMss, kMss);
  EXPECT_EQ(cubic.threshold(), 14 * kMss);
}

TEST(TcpCongestion, TheThresholdIsNeverBelowTwoSegments) {
  for (const auto algorithm : {CongestionControl::reno, CongestionControl::cubic}) {
    Congestion congestion = window_of(algorithm, 2);
    congestion.on_congestion(kMss, kMss);
    EXPECT_EQ(congestion.threshold(), 2 * kMss);
  }
}

TEST(TcpCongestion, AnUndoRestoresWindowAndThreshold) {
  Congestion congestion = window_of(CongestionControl::cubic, 20);
  congestion.on_congestion(20 * kMss, kMss);
  congestion.set_window(congestion.threshold(), kMss);
  congestion.restore(20 * kMss, Congestion::kThresholdMax);
  EXPECT_EQ(congestion.window(), 20 * kMss);
  EXPECT_TRUE(congestion.in_slow_start());
}

TEST(TcpCubic, TheWindowFollowsTheCubicOfRfc9438) {
  constexpr std::uint32_t kBig = 1'000 * kMss;  // far above the Reno-friendly region
  const Duration rtt = milliseconds(100);
  Cubic cubic;
  cubic.on_congestion(kBig, kMss);
  EXPECT_EQ(cubic.w_max(), 1'000.0);
  std::uint32_t cwnd = 700 * kMss;
  Instant now = Instant{} + seconds(1);
  const Instant start = now;
  cwnd += cubic.growth(cwnd, kMss, kMss, rtt, now);
  EXPECT_NEAR(cubic.k(), std::cbrt(1'000 * 0.3 / 0.4), 1e-3);
  for (int round = 1; round <= 120; ++round) {
    now = start + milliseconds(100) * round;
    for (std::uint32_t left = cwnd / kMss; left > 0; --left)
      cwnd += cubic.growth(cwnd, kMss, kMss, rtt, now);
    const double t = static_cast<double>((now - start).ms()) / 1'000.0 + 0.1 - cubic.k();
    EXPECT_NEAR(static_cast<double>(cwnd) / kMss, 0.4 * t * t * t + 1'000.0, 12.0) << round;
  }
}

TEST(TcpCubic, ASmallWindowGrowsAsRenoWould) {  // 4.3: alpha = 9/17 per round trip
  Cubic cubic;
  cubic.on_congestion(10 * kMss, kMss);
  std::uint32_t cwnd = 7 * kMss;
  Instant now = Instant{} + seconds(1);
  for (int round = 0; round < 20; ++round) {
    now = now + milliseconds(5);
    for (std::uint32_t left = cwnd / kMss; left > 0; --left)
      cwnd += cubic.growth(cwnd, kMss, kMss, milliseconds(5), now);
  }
  EXPECT_GE(cwnd, 10 * kMss);  // 7 + 20 * 0.53 would be 17, the cubic alone not even 10
  EXPECT_LE(cwnd, 25 * kMss);
}

TEST(TcpCubic, FastConvergenceLowersTheMaximumOfAShrinkingFlow) {
  Cubic cubic;
  cubic.on_congestion(100 * kMss, kMss);
  cubic.on_congestion(80 * kMss, kMss);
  EXPECT_NEAR(cubic.w_max(), 80 * 0.85, 1e-4);
}

TEST(TcpCubic, IdleTimeDoesNotCount) {
  Cubic busy, idle;
  for (Cubic* cubic : {&busy, &idle}) {
    cubic->on_congestion(100 * kMss, kMss);
    cubic->growth(70 * kMss, kMss, kMss, milliseconds(10), Instant{} + seconds(1));
  }
  idle.skip(seconds(60));
  EXPECT_EQ(idle.growth(70 * kMss, kMss, kMss, milliseconds(10), Instant{} + seconds(62)),
            busy.growth(70 * kMss, kMss, kMss, milliseconds(10), Instant{} + seconds(2)));
}

namespace {

// One round of HyStart++ with eight samples of `rtt`. True: slow start ended.
bool hystart_round(HyStart& hystart, std::uint32_t& una, Duration rtt) {
  bool ended = false;
  for (int i = 0; i < 8; ++i) {
    una += kMss;
    ended =
        hystart.on_ack(una, una + 8 * kMss - static_cast<std::uint32_t>(i) * kMss, rtt) || ended;
  }
  return ended;
}

}  // namespace

TEST(TcpHyStart, ARiseOfTheRoundTripEndsSlowStartAfterFiveConservativeRounds) {
  HyStart hystart;
  std::uint32_t una = 0;
  EXPECT_FALSE(hystart_round(hystart, una, milliseconds(40)));
  EXPECT_FALSE(hystart_round(hystart, una, milliseconds(44)));  // 40 / 8 = 5 ms are allowed
  EXPECT_FALSE(hystart.conservative());
  EXPECT_FALSE(hystart_round(hystart, una, milliseconds(50)));
  EXPECT_TRUE(hystart.conservative());
  EXPECT_EQ(hystart.counted(4 * kMss), kMss);
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(hystart_round(hystart, una, milliseconds(50)));
  EXPECT_TRUE(hystart_round(hystart, una, milliseconds(50)));
}

TEST(TcpHyStart, AFallingRoundTripReturnsToPlainSlowStart) {
  HyStart hystart;
  std::uint32_t una = 0;
  hystart_round(hystart, una, milliseconds(40));
  hystart_round(hystart, una, milliseconds(60));
  ASSERT_TRUE(hystart.conservative());
  hystart_round(hystart, una, milliseconds(45));
  EXPECT_FALSE(hystart.conservative());
}

TEST(TcpPrr, OneLossOfTenSendsSevenForTheTenThatArrive) {  // RFC 6937 3.1, proportional part
  Prr prr;
  std::uint32_t pipe = 97 * kMss, sent = 0;
  for (int ack = 0; ack < 96; ++ack) {
    pipe -= kMss;
    const std::uint32_t window = prr.window({kMss, pipe, false}, 100 * kMss, 70 * kMss, kMss);
    for (; window >= pipe + kMss; pipe += kMss, sent += kMss) prr.note_sent(kMss);
  }
  EXPECT_NEAR(sent, 67 * kMss, 2 * kMss);
  EXPECT_NEAR(pipe, 70 * kMss, 2 * kMss);
}

TEST(TcpPrr, AfterHeavyLossItSendsNoMoreThanWhatArrivesAndOne) {
  Prr prr;
  prr.note_sent(kMss);
  EXPECT_EQ(prr.window({kMss, 3 * kMss, false}, 20 * kMss, 14 * kMss, kMss), 4 * kMss);
  EXPECT_EQ(prr.window({kMss, 3 * kMss, true}, 20 * kMss, 14 * kMss, kMss), 5 * kMss);
}

TEST(TcpPrr, TheFirstRetransmissionIsNotHeldBack) {
  Prr prr;
  EXPECT_EQ(prr.window({0, 9 * kMss, false}, 10 * kMss, 7 * kMss, kMss), 10 * kMss);
}

}  // namespace sluice::net::test
