// Transfers both ways between two stacks over a faulty wire, for many seeds: what arrives is what
// was sent, and at the end every packet and control block is home.
#include <gtest/gtest.h>

#include "tests/sim/transfer.h"
#include "tests/support/two_stacks.h"

namespace sluice::net::test {
namespace {

constexpr std::uint16_t kPort = 25;

// Swarm: each run switches fault classes on or off.
WireOptions draw_faults(Random& random) {
  WireOptions options;
  options.delay = microseconds(static_cast<std::int64_t>(20 + random.below(20'000)));
  if (random.chance(0.5)) options.loss = 0.001 + static_cast<double>(random.below(60)) / 1000;
  if (random.chance(0.5)) options.duplicate = 0.05;
  if (random.chance(0.5)) options.corrupt = 0.01;
  if (random.chance(0.5)) {
    options.reorder = 0.1;
    options.jitter = milliseconds(20);
  }
  if (random.chance(0.5)) {
    options.bits_per_second = 5'000'000 + random.below(100'000'000);
    options.queue_octets = 15'000 + random.below(150'000);
  }
  if (random.chance(0.5)) options.transmit_hold = milliseconds(static_cast<int>(random.below(500)));
  return options;
}

void adopt(Transport& transport, std::vector<Transfer>& transfers, std::uint64_t total) {
  while (Connection* connection = transport.next_ready()) {
    if (connection->listener == UINT32_MAX || connection->owner != 0) continue;
    connection->owner = 1;
    transfers.emplace_back(transport, *connection, 2, 1, total);
  }
}

bool all_done(const std::vector<Transfer>& transfers) {
  return std::all_of(transfers.begin(), transfers.end(), [](const auto& t) { return t.done(); });
}

void run_transfer(std::uint64_t seed) {
  Random random(seed);
  const WireOptions faults = draw_faults(random);
  TwoStacks world(seed, faults, [&](StackOptions& options) {
    if (seed % 3 == 0) options.receive_window = options.send_buffer = 16 * 1024;
    if (seed % 5 == 0) options.receive_window = 4'096;
  });
  if (seed % 4 == 0) {
    world.wire.port(0).offer({.tx_ip_checksum = true, .tx_tcp_checksum = true});
    world.a = make_stack(stack_options(kAddressA, seed), world.wire.port(0), world.now);
  }
  ASSERT_TRUE(world.b->listen({IpAddress{}, kPort}, 7));
  const std::uint64_t from_a = 1 + random.below(400'000);
  const std::uint64_t from_b = random.below(400'000);
  std::vector<Transfer> clients, servers;
  for (int i = 0; i < 3; ++i) {
    auto connection = world.a->connect({IpAddress::from_v4(kAddressB), kPort}, 1);
    ASSERT_TRUE(connection);
    clients.emplace_back(*world.a, **connection, 1, 2, from_a);
  }
  auto work = [&] {
    while (world.a->next_ready() != nullptr) {
    }
    adopt(*world.b, servers, from_b);
    for (auto* side : {&clients, &servers})
      for (Transfer& transfer : *side) transfer.work(random);
  };
  auto done = [&] { return all_done(clients) && servers.size() >= 3 && all_done(servers); };
  ASSERT_TRUE(world.run(minutes(30), work, done)) << "seed " << seed;
  for (const Transfer& transfer : clients) {
    EXPECT_TRUE(transfer.intact() && !transfer.failed()) << "seed " << seed;
    EXPECT_EQ(transfer.received(), from_b) << "seed " << seed;
  }
  for (const Transfer& transfer : servers) {
    EXPECT_TRUE(transfer.intact() && !transfer.failed()) << "seed " << seed;
    EXPECT_EQ(transfer.received(), from_a) << "seed " << seed;
  }
  world.wire.set_options({});
  world.run_for(minutes(6));
  EXPECT_EQ(world.a->open_connections() + world.b->open_connections(), 0u) << "seed " << seed;
  EXPECT_TRUE(world.pools_full()) << "seed " << seed;
}

}  // namespace

TEST(TcpTransfer, BothWaysOverAFaultyWireArrivesExactlyForEverySeed) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    run_transfer(seed);
    if (HasFatalFailure()) return;
  }
}

namespace {

struct Bulk {
  Duration took{};
  StackCounters sender;
};

// One transfer of `total` octets over 20 ms with one frame in a hundred lost, each way.
Bulk bulk_over_loss(std::uint64_t seed, std::uint64_t total, CongestionControl control) {
  Random random(seed);
  TwoStacks world(seed, {.delay = milliseconds(10), .loss = 0.01},
                  [&](StackOptions& options) { options.congestion_control = control; });
  EXPECT_TRUE(world.b->listen({IpAddress{}, kPort}, 7));
  std::vector<Transfer> clients, servers;
  auto connection = world.a->connect({IpAddress::from_v4(kAddressB), kPort}, 1);
  clients.emplace_back(*world.a, **connection, 1, 2, total);
  auto work = [&] {
    while (world.a->next_ready() != nullptr) {
    }
    adopt(*world.b, servers, 0);
    for (auto* side : {&clients, &servers})
      for (Transfer& transfer : *side) transfer.work(random);
  };
  const Instant begin = world.now;
  EXPECT_TRUE(world.run(minutes(5), work, [&] { return !servers.empty() && all_done(servers); }));
  EXPECT_EQ(servers.front().received(), total);
  return {world.now - begin, stack_counters(*world.a)};
}

}  // namespace

// Reno's model (Mathis and others 1997) gives MSS / RTT * sqrt(3/2 / loss), here 7.1 Mb/s, when
// repairs cost nothing; here each costs a round trip without growth. CUBIC is faster (RFC
// 9438 4.3).
TEST(TcpTransfer, OnePercentLossIsRepairedWithoutTimeoutsAndAtTheRateOfTheModel) {
  constexpr std::uint64_t kTotal = 8 * 1'024 * 1'024;
  for (const auto control : {CongestionControl::reno, CongestionControl::cubic}) {
    std::uint64_t timeouts = 0;
    double seconds_in_all = 0;
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      const Bulk bulk = bulk_over_loss(seed, kTotal, control);
      timeouts += bulk.sender.timeouts;
      seconds_in_all += static_cast<double>(bulk.took.ns) * 1e-9;
      const double lost = static_cast<double>(bulk.sender.segments_out) * 0.01;
      EXPECT_LT(static_cast<double>(bulk.sender.segments_retransmitted), lost * 1.5);
    }
    const double megabits = 5.0 * static_cast<double>(kTotal) * 8e-6 / seconds_in_all;
    EXPECT_GE(megabits, control == CongestionControl::cubic ? 7.1 : 0.75 * 7.1);
    EXPECT_LE(timeouts, 5u);
  }
}

}  // namespace sluice::net::test
