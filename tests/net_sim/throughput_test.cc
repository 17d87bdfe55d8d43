// Goodput of one transfer over a link with a delay and independent losses in both directions:
// tests/golden/tcp_throughput.txt.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/net_sim/bulk.h"
#include "tests/support/golden.h"

namespace sluice::net::test {
namespace {

constexpr std::uint16_t kPort = 9;
constexpr std::uint64_t kTotal = 16 << 20;  // octets
constexpr std::uint64_t kSeeds = 3;         // the median of them counts
constexpr Duration kLimit = minutes(60);

struct Cell {
  std::uint32_t buffer_kib;
  std::int64_t rtt_ms;
  double loss;
};

// kbit/s from connect() to the last octet; 0 when it did not end.
std::uint64_t goodput(const Cell& cell, CongestionControl control, std::uint64_t seed) {
  Network network(seed);
  StackOptions options;
  options.connections_max = 8;
  options.congestion_control = control;
  options.receive_window = options.send_buffer = cell.buffer_kib * 1'024;
  Host& sender = network.add_host(options);
  Host& receiver = network.add_host(options);
  network.connect(sender, receiver,
                  {.delay = microseconds(cell.rtt_ms * 500),
                   .loss = cell.loss,
                   .bits_per_second = 1'000'000'000,
                   .queue_octets = 2'000'000});
  BulkReceiver sink(receiver, kPort);
  const Instant begin = network.now();
  BulkSender source(sender, receiver.endpoint(kPort), kTotal);
  const auto wait = [](auto& application) {
    return [&application] {
      application.work();
      return Instant::never();
    };
  };
  sender.work = wait(source);
  receiver.work = wait(sink);
  const bool done = network.run(kLimit, [&] { return sink.received(sender.address) == kTotal; });
  const auto us = static_cast<std::uint64_t>((network.now() - begin).us());
  return done ? kTotal * 8 * 1'000 / us : 0;
}

std::uint64_t median_goodput(const Cell& cell, CongestionControl control) {
  std::array<std::uint64_t, kSeeds> runs;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed)
    runs[seed - 1] = goodput(cell, control, seed);
  std::sort(runs.begin(), runs.end());
  return runs[kSeeds / 2];
}

std::string row(const Cell& cell) {
  const double reno = static_cast<double>(median_goodput(cell, CongestionControl::reno));
  const double cubic = static_cast<double>(median_goodput(cell, CongestionControl::cubic));
  const double bbr = static_cast<double>(median_goodput(cell, CongestionControl::bbr));
  return fmt::format("{:>5}K {:>6} {:>6.1f} {:>9.2f} {:>9.2f} {:>9.2f}", cell.buffer_kib,
                     cell.rtt_ms, cell.loss * 100, reno / 1'000, cubic / 1'000, bbr / 1'000);
}

}  // namespace

TEST(GoldenTable, Throughput) {
  std::vector<std::string> rows{"# Goodput in Mb/s of one transfer of 16 MiB over 1 Gb/s.",
                                "#buf rtt_ms loss_%      reno     cubic       bbr"};
  for (const std::uint32_t buffer_kib : {64, 256, 1'024})
    for (const std::int64_t rtt_ms : {1, 20, 100})
      for (const double loss : {0.0, 0.001, 0.01, 0.05})
        if (!sluice::test::kSlowBuild || (buffer_kib == 256 && rtt_ms == 20))
          rows.push_back(row({buffer_kib, rtt_ms, loss}));
  EXPECT_EQ(sluice::test::compare_golden("tcp_throughput.txt", rows), "");
}

}  // namespace sluice::net::test
