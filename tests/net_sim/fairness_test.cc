// How flows of hosts of their own share one bottleneck: tests/golden/tcp_fairness.txt.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <numeric>

#include "tests/net_sim/bulk.h"
#include "tests/support/golden.h"
#include "tests/support/wire/switch.h"

namespace sluice::net::test {
namespace {

constexpr std::uint16_t kPort = 9;
constexpr std::uint64_t kBitsPerSecond = 50'000'000;
constexpr Duration kOneWay = milliseconds(20);
constexpr std::size_t kQueue = 250'000;   // octets: the product of rate and round trip
constexpr Duration kStarts = seconds(1);  // the flows begin at random within it
constexpr Duration kWarmUp = seconds(10);
constexpr Duration kMeasured = seconds(60);

// Senders on the left of a bottleneck, the receiver on the right.
class Dumbbell {
 public:
  // The flows take turns with these.
  using Controls = std::vector<CongestionControl>;

  Dumbbell(std::size_t flows, const Controls& controls, std::size_t queue = kQueue)
      : network_(flows),
        receiver_(network_.add_host(options(controls[0], flows), 16'384)),
        sink_(receiver_, kPort),
        there_(network_.add_path(
            {.delay = kOneWay, .bits_per_second = kBitsPerSecond, .queue_octets = queue})),
        back_(network_.add_path({.delay = kOneWay})) {
    there_.feed(right_.add_port(back_));
    back_.feed(left_.add_port(there_));
    receiver_.port.feed(right_.add_port(receiver_.port));
    receiver_.work = [this] {
      sink_.work();
      return Instant::never();
    };
    for (std::size_t i = 0; i < flows; ++i) add_sender(controls[i % controls.size()]);
  }

  // Octets of each flow within the measured time.
  std::vector<std::uint64_t> run() {
    network_.run_for(kWarmUp);
    const std::vector<std::uint64_t> before = received();
    network_.run_for(kMeasured);
    std::vector<std::uint64_t> octets = received();
    for (std::size_t i = 0; i < octets.size(); ++i) octets[i] -= before[i];
    return octets;
  }
  std::uint64_t drops() const { return there_.bottleneck().dropped(); }

 private:
  static StackOptions options(CongestionControl control, std::size_t connections) {
    StackOptions options;
    options.connections_max = static_cast<std::uint32_t>(connections + 1);
    options.congestion_control = control;
    options.receive_window = options.send_buffer = 512 * 1'024;
    return options;
  }

  void add_sender(CongestionControl control) {
    Host& host = network_.add_host(options(control, 1), 1'024);
    host.port.feed(left_.add_port(host.port));
    const Instant begins =
        network_.now() + nanoseconds(static_cast<std::int64_t>(
                             network_.random.below(static_cast<std::uint64_t>(kStarts.ns))));
    host.work = [this, &host, begins, sender = std::optional<BulkSender>()]() mutable {
      if (network_.now() < begins) return begins;
      if (!sender) sender.emplace(host, receiver_.endpoint(kPort), UINT64_MAX);
      sender->work();
      return Instant::never();
    };
    senders_.push_back(host.address);
  }

  std::vector<std::uint64_t> received() {
    std::vector<std::uint64_t> octets;
    for (const IpAddress& sender : senders_) octets.push_back(sink_.received(sender));
    return octets;
  }

  Network network_;
  Switch left_;
  Switch right_;
  Host& receiver_;
  BulkReceiver sink_;
  Path& there_;
  Path& back_;
  std::vector<IpAddress> senders_;
};

// Jain, Chiu and Hawe 1984: 1 when all have the same, 1/n when one has all.
double jain_index(const std::vector<std::uint64_t>& shares) {
  double sum = 0;
  double squares = 0;
  for (const std::uint64_t share : shares) {
    const auto value = static_cast<double>(share);
    sum += value;
    squares += value * value;
  }
  return squares == 0 ? 0 : sum * sum / (static_cast<double>(shares.size()) * squares);
}

double megabits(std::uint64_t octets) {
  return static_cast<double>(octets * 8 / static_cast<std::uint64_t>(kMeasured.seconds())) / 1e6;
}

std::string row(const char* name, CongestionControl control, std::size_t flows) {
  Dumbbell dumbbell(flows, {control});
  const std::vector<std::uint64_t> octets = dumbbell.run();
  const std::uint64_t total = std::accumulate(octets.begin(), octets.end(), std::uint64_t{0});
  return fmt::format("{:<6} {:>5} {:>10.2f} {:>8.3f} {:>8}", name, flows, megabits(total),
                     jain_index(octets), dumbbell.drops());
}

// As many of one as of the other, on a queue of `queue` octets.
std::string mixed_row(const char* names, CongestionControl one, CongestionControl other,
                      std::size_t flows, std::size_t queue) {
  Dumbbell dumbbell(flows, {one, other}, queue);
  const std::vector<std::uint64_t> octets = dumbbell.run();
  std::array<std::uint64_t, 2> sums{};
  for (std::size_t i = 0; i < octets.size(); ++i) sums[i % 2] += octets[i];
  return fmt::format("{:<10} {:>5} {:>9} {:>9.2f} {:>9.2f} {:>8}", names, flows, queue,
                     megabits(sums[0]), megabits(sums[1]), dumbbell.drops());
}

}  // namespace

TEST(GoldenTable, Fairness) {
  std::vector<std::string> rows{"# Flows over 50 Mb/s, 40 ms, a queue of 250,000 octets.",
                                "#cc    flows total_Mb/s     jain    drops"};
  for (const std::size_t flows : {1, 2, 4, 8, 16, 32, 64}) {
    if (sluice::test::kSlowBuild && flows > 2) break;
    rows.push_back(row("reno", CongestionControl::reno, flows));
    rows.push_back(row("cubic", CongestionControl::cubic, flows));
    rows.push_back(row("bbr", CongestionControl::bbr, flows));
  }
  EXPECT_EQ(sluice::test::compare_golden("tcp_fairness.txt", rows), "");
}

TEST(GoldenTable, Coexistence) {
  std::vector<std::string> rows{
      "# Half of the flows with one, half with the other, over 50 Mb/s and 40 ms: Mb/s of each "
      "half.",
      "#one/other flows     queue       one     other    drops"};
  for (const std::size_t queue : {62'500, 250'000, 1'000'000}) {
    if (sluice::test::kSlowBuild && queue > 62'500) break;
    for (const std::size_t flows : {2, 8, 32}) {
      if (sluice::test::kSlowBuild && flows > 2) break;
      rows.push_back(
          mixed_row("bbr/cubic", CongestionControl::bbr, CongestionControl::cubic, flows, queue));
      rows.push_back(
          mixed_row("cubic/reno", CongestionControl::cubic, CongestionControl::reno, flows, queue));
    }
  }
  EXPECT_EQ(sluice::test::compare_golden("tcp_coexistence.txt", rows), "");
}

}  // namespace sluice::net::test
