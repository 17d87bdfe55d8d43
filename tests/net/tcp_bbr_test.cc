// BBR: its samples and its pace against the formulas of the draft, and whole transfers over a
// simulated bottleneck for what its states do.
#include <gtest/gtest.h>

#include <set>

#include "engine/net/tcp/tcp.h"
#include "tests/support/wire/network.h"

namespace sluice::net::test {
namespace {

using tcp::Bbr;
using tcp::DeliveryRate;
using tcp::Pacer;
using State = Bbr::State;

constexpr std::uint32_t kMss = 1'000;
constexpr std::array<std::uint8_t, 16'384> kZeros{};
constexpr Instant kStart = Instant{} + seconds(1);

Packet packet_at(std::uint32_t sequence, Instant sent) {
  Packet packet;
  packet.sequence = sequence;
  packet.sequence_length = kMss;
  packet.sent_ns = sent.ns;
  return packet;
}

// Two packets sent at once and two more 20 ms later, all before any ACK.
class DeliveryRateTest : public testing::Test {
 protected:
  void send(std::uint32_t index, Duration at) {
    packets[index] = packet_at(index * kMss, kStart + at);
    rate.on_sent(packets[index], index * kMss, kStart + at);
  }
  void SetUp() override {
    for (std::uint32_t i = 0; i < 4; ++i) send(i, milliseconds(i < 2 ? 0 : 20));
  }
  DeliveryRate::Sample deliver(std::initializer_list<std::uint32_t> indexes, Duration at) {
    for (const std::uint32_t index : indexes) rate.on_delivered(packets[index], kStart + at);
    return rate.finish(milliseconds(10));
  }

  DeliveryRate rate;
  std::array<Packet, 4> packets;
};

// A bottleneck between a host that writes without end, or only when told to, and one that reads.
class Transfer {
 public:
  Transfer(double loss, Duration rtt, std::uint64_t bits_per_second, std::size_t queue,
           bool endless = true)
      : endless_(endless),
        network_(1),
        sender_(network_.add_host(options(), 16'384)),
        receiver_(network_.add_host(options(), 16'384)) {
    network_.connect(sender_, receiver_,
                     {.delay = rtt / 2,
                      .loss = loss,
                      .bits_per_second = bits_per_second,
                      .queue_octets = queue});
    EXPECT_TRUE(receiver_.stack->listen({IpAddress{}, 9}, 1).has_value());
    connection_ = *sender_.stack->connect(receiver_.endpoint(9), 1);
    sender_.work = [this] {
      while (sender_.stack->next_ready() != nullptr) {
      }
      if (endless_) pending_ = 1 << 20;
      for (std::size_t taken = 1; pending_ > 0 && taken > 0; pending_ -= taken)
        taken = connection_->write({kZeros.data(), std::min(pending_, kZeros.size())});
      return endless_ ? Instant::never() : network_.now() + milliseconds(1);
    };
    receiver_.work = [this] {
      while (Connection* connection = receiver_.stack->next_ready())
        while (!connection->readable().empty()) {
          received += connection->readable().size();
          connection->consume(connection->readable().size());
        }
      return Instant::never();
    };
  }

  void write(std::size_t octets) { pending_ += octets; }
  // Runs for `span`; returns the states that were seen.
  std::set<State> run(Duration span) {
    std::set<State> states;
    network_.run(span, [&] {
      if (const Bbr* bbr = model()) states.insert(bbr->state());
      return false;
    });
    return states;
  }
  Bbr* model() { return tcp_of(*sender_.stack).model_of(tcb()); }
  tcp::Tcb& tcb() { return static_cast<tcp::Tcb&>(*connection_); }
  StackCounters counters() const { return stack_counters(*sender_.stack); }
  void stop() { endless_ = false; }  // from now on only what is told

  std::uint64_t received = 0;

 private:
  static StackOptions options() {
    StackOptions options;
    options.connections_max = 8;
    options.congestion_control = CongestionControl::bbr;
    options.receive_window = options.send_buffer = 1 << 20;
    return options;
  }

  bool endless_;
  Network network_;
  Host& sender_;
  Host& receiver_;
  Connection* connection_ = nullptr;
  std::size_t pending_ = 0;  // octets still to be written
};

constexpr Duration kRtt = milliseconds(40);
constexpr std::uint64_t kBits = 50'000'000;     // per second
constexpr double kOctets = kBits / 8.0 * 0.95;  // what is left after headers
constexpr std::size_t kBdp = 250'000;

}  // namespace

TEST_F(DeliveryRateTest, IsWhatWasDeliveredInTheTimeThatTook) {
  EXPECT_EQ(deliver({0, 1}, milliseconds(40)).rate, 2 * kMss / 0.040);
  const auto sample = deliver({2, 3}, milliseconds(60));
  EXPECT_EQ(sample.delivered, 4 * kMss);  // since the fourth was sent
  EXPECT_EQ(sample.rate, 4 * kMss / 0.060);
  EXPECT_EQ(sample.in_flight, 4 * kMss);
  EXPECT_EQ(sample.lost, 0u);
}

TEST_F(DeliveryRateTest, AcksThatComeCloserThanWhatWasSentDoNotRaiseIt) {
  deliver({0}, milliseconds(100));
  send(3, milliseconds(160));  // once more, and nothing for 60 ms before
  EXPECT_EQ(deliver({1, 2, 3}, milliseconds(161)).rate, 3 * kMss / 0.160);
}

TEST_F(DeliveryRateTest, WhatComesSoonerThanAnyRoundTripIsNoSample) {
  EXPECT_EQ(deliver({0, 1}, milliseconds(9)).rate, 0);
}

TEST_F(DeliveryRateTest, LossesSinceTheDepartureCount) {
  rate.on_lost(packets[0]);
  EXPECT_EQ(deliver({1}, milliseconds(40)).lost, kMss);
}

TEST_F(DeliveryRateTest, WhatIsSackedAndThenAcknowledgedCountsOnce) {
  deliver({1}, milliseconds(40));
  deliver({1}, milliseconds(41));
  EXPECT_EQ(rate.delivered(), kMss);
}

TEST_F(DeliveryRateTest, AfterAPauseOfTheWriterARoundTripIsMarked) {
  deliver({0, 1}, milliseconds(40));
  rate.mark_app_limited(2 * kMss);
  send(0, milliseconds(50));
  EXPECT_FALSE(deliver({2, 3}, milliseconds(60)).app_limited);
  EXPECT_TRUE(deliver({0}, milliseconds(90)).app_limited);
  EXPECT_FALSE(rate.app_limited());
}

TEST(TcpPacer, AQuantumLeavesAtOnceAndTheNextWhenItIsPaidFor) {
  Pacer pacer;
  pacer.set_rate(1e6);  // octets per second: the quantum is two segments, for 2 ms
  Instant now = kStart;
  int sent = 0;
  for (; pacer.may_send(kMss, now); ++sent) pacer.on_sent(kMss, sent == 0, now);
  EXPECT_EQ(sent, 2);
  EXPECT_EQ(pacer.next(), now + milliseconds(2));
  EXPECT_FALSE(pacer.may_send(kMss, now + microseconds(1'999)));
  EXPECT_TRUE(pacer.may_send(kMss, now + milliseconds(2)));
}

TEST(TcpPacer, ATimerThatRingsLateCostsNoRate) {
  Pacer pacer;
  pacer.set_rate(1e6);
  Instant now = kStart;
  std::uint64_t sent = 0;
  for (; now < kStart + seconds(1); now = now + microseconds(700))
    while (pacer.may_send(kMss, now)) {
      pacer.on_sent(kMss, sent == 0, now);
      sent += kMss;
    }
  EXPECT_NEAR(static_cast<double>(sent), 1e6, 4 * kMss);
}

TEST(TcpPacer, WhatIsMadeGoodDoesNotLeaveAtOnce) {
  Pacer pacer;
  pacer.set_rate(1e6);
  pacer.on_sent(kMss, true, kStart);
  const Instant late = kStart + milliseconds(15);
  int sent = 0;
  for (; pacer.may_send(kMss, late); ++sent) pacer.on_sent(kMss, false, late);
  EXPECT_EQ(sent, 4);  // twice the quantum
}

TEST(TcpBbr, FindsBandwidthAndRoundTripOfThePath) {
  Transfer transfer(0, kRtt, kBits, kBdp);
  const std::set<State> states = transfer.run(seconds(4));
  EXPECT_TRUE(states.contains(State::startup));
  EXPECT_TRUE(states.contains(State::drain));
  EXPECT_TRUE(states.contains(State::up));
  ASSERT_NE(transfer.model(), nullptr);
  EXPECT_NEAR(transfer.model()->bandwidth(), kOctets, 0.05 * kOctets);
  EXPECT_NEAR(static_cast<double>(transfer.model()->min_rtt().us()), 40'000, 1'000);
}

TEST(TcpBbr, LeavesStartupWithinAFewRoundTripsOfTheFullPipe) {
  Transfer transfer(0, kRtt, kBits, kBdp);
  transfer.run(kRtt * 16);  // 2^5 initial windows fill it, three rounds notice it
  EXPECT_NE(transfer.model()->state(), State::startup);
}

TEST(TcpBbr, KeepsTheQueueShort) {
  Transfer transfer(0, kRtt, kBits, 10 * kBdp);
  transfer.run(seconds(2));
  std::vector<std::uint32_t> flights;
  for (int i = 0; i < 2'000; ++i) {
    transfer.run(milliseconds(1));
    flights.push_back(transfer.tcb().pipe());
  }
  std::sort(flights.begin(), flights.end());
  EXPECT_LT(flights[flights.size() / 2], 1.3 * kBdp);
  EXPECT_EQ(transfer.counters().segments_retransmitted, 0u);
}

TEST(TcpBbr, BearsOnePerCentOfLoss) {
  Transfer transfer(0.01, kRtt, kBits, kBdp);
  transfer.run(seconds(10));
  EXPECT_GT(static_cast<double>(transfer.received), 0.7 * 10 * kOctets);
  EXPECT_EQ(transfer.counters().recoveries_undone, 0u);  // nothing was only late
}

TEST(TcpBbr, LooksForTheRoundTripEveryFewSeconds) {
  Transfer transfer(0, kRtt, kBits, 10 * kBdp);
  const std::set<State> early = transfer.run(milliseconds(4'500));
  EXPECT_FALSE(early.contains(State::probe_rtt));
  std::uint32_t least = UINT32_MAX;
  for (int i = 0; i < 2'000; ++i)
    if (transfer.run(milliseconds(1)).contains(State::probe_rtt))
      least = std::min(least, transfer.tcb().pipe());
  EXPECT_LE(least, kBdp / 2);
  EXPECT_NE(transfer.model()->state(), State::probe_rtt);  // it lasts 200 ms
}

TEST(TcpBbr, AWriterWithLittleToSayTeachesNoLowBandwidth) {
  Transfer transfer(0, kRtt, kBits, kBdp);
  transfer.run(seconds(2));
  const double before = transfer.model()->bandwidth();
  transfer.stop();
  for (int i = 0; i < 50; ++i) {
    transfer.write(3'000);
    transfer.run(milliseconds(100));
  }
  ASSERT_NE(transfer.model(), nullptr);
  EXPECT_GT(transfer.model()->bandwidth(), 0.9 * before);
}

TEST(TcpBbr, AnIdleConnectionHasNoModel) {
  Transfer transfer(0, kRtt, kBits, kBdp, false);
  transfer.run(seconds(1));
  EXPECT_EQ(transfer.model(), nullptr);  // it has sent nothing yet
  transfer.write(200'000);
  transfer.run(seconds(5));
  EXPECT_NE(transfer.model(), nullptr);
  transfer.run(seconds(10));
  EXPECT_EQ(transfer.model(), nullptr);
  EXPECT_LE(transfer.tcb().congestion.window(), 10u * transfer.tcb().mss);
  transfer.write(200'000);
  transfer.run(seconds(5));
  EXPECT_EQ(transfer.received, 400'000u);
}

TEST(TcpBbr, SpacesWhatItSends) {
  Transfer transfer(0, kRtt, kBits, kBdp);
  transfer.run(seconds(2));
  std::uint64_t most = 0;
  std::uint64_t before = transfer.counters().segments_out;
  for (int i = 0; i < 1'000; ++i) {
    transfer.run(milliseconds(1));
    const std::uint64_t now = transfer.counters().segments_out;
    most = std::max(most, now - before);
    before = now;
  }
  EXPECT_LE(most, 12u);  // at 50 Mb/s four segments take a millisecond; a window has 170
}

}  // namespace sluice::net::test
