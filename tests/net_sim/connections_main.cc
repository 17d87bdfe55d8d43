// Very many connections on one stack: set up, idle for ten minutes, closed half by the stack and
// half by the peers, gone. Prints what each phase took.
//
//   net_connections [--connections=1000000] [--memory-mib=N]
//
// Ends with 0 when every connection came up, nothing was sent while they were idle, nothing was
// left, and the whole process stayed below N MiB.
#include <CLI/CLI.hpp>

#include <fmt/format.h>
#include <unistd.h>

#include <fstream>

#include "engine/net/stack.h"
#include "tests/net_sim/mirror_peers.h"
#include "tests/support/golden.h"

namespace {

using namespace sluice;
using namespace sluice::net;
using namespace sluice::net::test;

constexpr std::size_t kPackets = 4'096;
constexpr std::size_t kBurst = 256;  // peers that open or close in one step
constexpr Duration kStep = milliseconds(1);
constexpr Duration kIdle = minutes(10);
constexpr Duration kTimeWait = seconds(60);

double resident_mib() {
  std::ifstream file("/proc/self/statm");
  std::size_t pages = 0;
  file >> pages >> pages;
  return static_cast<double>(pages) * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 20);
}

class Test {
 public:
  explicit Test(std::size_t count)
      : count_(count),
        port_(timeline_, {2, 0, 0, 0, 0, 1}, kPackets),
        peers_(port_, {IpAddress::from_v4(0x0a000001), 25}, count) {
    StackOptions options;
    options.addresses = {*Prefix::parse("10.0.0.1/8")};
    options.gateways = {*IpAddress::parse("10.0.0.2")};
    options.seed = 1;
    options.connections_max = static_cast<std::uint32_t>(count);
    options.time_wait = kTimeWait;
    port_.offer({.ethernet = false});
    port_.feed(peers_);
    stack_ = make_stack(options, port_, timeline_.now());
    if (!stack_->listen({IpAddress{}, 25}, 1)) fail("listen() fails");
    open_.reserve(count);
  }

  bool run() {
    report("started");
    for (std::size_t i = 0; i < count_;) {
      for (const std::size_t end = std::min(count_, i + kBurst); i < end; ++i) peers_.open(i);
      step(kStep);
    }
    run_for(seconds(1), kStep);
    if (stack_->open_connections() != count_) fail("not every connection came up");
    report("open");
    const std::uint64_t sent = peers_.taken();
    run_for(kIdle, seconds(1));
    if (peers_.taken() != sent) fail("something was sent while all were idle");
    report("idle");
    close();
    if (stack_->open_connections() != 0) fail("connections are left");
    report("closed");
    run_for(kTimeWait + seconds(2), seconds(1));
    const StackCounters counters = stack_counters(*stack_);
    if (counters.time_wait != 0) fail("TIME-WAIT is left");
    if (!port_.all_home()) fail("packets are missing");
    if (peers_.resets() != 0) fail("there were resets");
    report("gone");
    return good_;
  }
  double most_mib() const { return most_mib_; }

 private:
  // The stack closes the connections of odd peers, the others close themselves.
  void close() {
    for (std::size_t i = 0; i < count_;) {
      for (const std::size_t end = std::min(count_, i + kBurst); i < end; ++i) {
        if (i % 2 == 0) {
          peers_.close(i);
        } else {
          open_[i]->close();
          stack_->release(*open_[i]);
        }
      }
      step(kStep);
    }
    run_for(seconds(1), kStep);
  }

  void step(Duration time) {
    timeline_.advance(timeline_.now() + time);
    do {
      stack_->poll(timeline_.now());
      take_ready();
      stack_->flush(timeline_.now());
    } while (port_.has_arrived());
  }
  void take_ready() {
    while (Connection* connection = stack_->next_ready()) {
      if (connection->owner == 0) {
        open_.push_back(connection);
        connection->owner = open_.size();
      }
      if (!connection->read_finished()) continue;
      connection->close();
      stack_->release(*connection);
    }
  }
  void run_for(Duration span, Duration each) {
    for (const Instant end = timeline_.now() + span; timeline_.now() < end;) step(each);
  }

  void report(const char* phase) {
    const Instant now = clock_.now();
    const double mib = resident_mib();
    most_mib_ = std::max(most_mib_, mib);
    fmt::print("{:<8} {:>6} ms {:>8.1f} MiB {:>6.0f} octets per connection\n", phase,
               (now - since_).ms(), mib, mib * (1 << 20) / static_cast<double>(count_));
    since_ = now;
  }
  void fail(const char* what) {
    fmt::print("FAULT: {}\n", what);
    good_ = false;
  }

  std::size_t count_;
  Timeline timeline_{Instant{} + seconds(1)};
  SimPort port_;
  MirrorPeers peers_;
  std::unique_ptr<Transport> stack_;
  std::vector<Connection*> open_;
  SystemClock clock_;
  Instant since_ = clock_.now();
  double most_mib_ = 0;
  bool good_ = true;
};

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("very many connections on one stack");
  std::size_t connections = 1'000'000;
  double memory_mib = 1e9;
  app.add_option("--connections", connections, "how many");
  app.add_option("--memory-mib", memory_mib, "what the process may take at most");
  CLI11_PARSE(app, argc, argv);
  Test test(connections);
  const bool good = test.run();
  const bool fits = sluice::test::kSlowBuild || test.most_mib() <= memory_mib;
  if (!fits) fmt::print("FAULT: more than {} MiB\n", memory_mib);
  return good && fits ? 0 : 1;
}
