// Real peers over a faulty wire, for tests and for the comparison with the kernel's TCP.
//
//   net_faults serve DEVICE --address=PREFIX...   echo, sink and source on the engine's stack
//   net_faults bridge DEVICE DEVICE               passes frames between two kernels
//
// The faults (--loss, --delay-us, --reorder, --jitter-us, --duplicate, --corrupt, --seed) meet the
// frames of each direction in either mode, in the same code. Prints "ready"; then each line of the
// standard input is answered with a line of counters; ends with it, and with 0 when every packet is
// back in its pool.
#include <CLI/CLI.hpp>

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <map>
#include <thread>

#include "engine/net/dpdk/dpdk.h"
#include "engine/net/stack.h"
#include "tests/integration/fault_services.h"
#include "tests/support/wire/fault_port.h"

namespace {

using namespace sluice;
using namespace sluice::net;
using namespace sluice::net::test;

constexpr std::uint32_t kPackets = 16'383;
constexpr std::size_t kConnections = 4'096;

struct Plan {
  std::vector<std::string> devices;
  std::vector<std::string> addresses;
  WireOptions faults{.delay = {}};
  std::int64_t delay_us = 0;
  std::int64_t jitter_us = 0;
  std::uint64_t seed = 1;
  std::uint32_t buffer = 1'048'576;  // octets, of each connection and direction
  CongestionControl control = CongestionControl::cubic;
};

std::unique_ptr<Dpdk> start(const Plan& plan) {
  DpdkOptions options;
  options.hugepages = DpdkOptions::HugePages::off;
  options.memory_mib = static_cast<std::uint32_t>(32 + 64 * plan.devices.size());
  for (const std::string& device : plan.devices)
    options.ports.push_back({.name = "p" + std::to_string(options.ports.size()),
                             .device = device,
                             .packets = kPackets});
  auto dpdk = Dpdk::start(options);
  if (dpdk) return std::move(*dpdk);
  fmt::print(stderr, "{}\n", dpdk.error());
  return nullptr;
}

// Requests of the main thread to the one that polls.
struct Requests {
  std::atomic<unsigned> counters{0};  // how often they were asked for
  std::atomic<bool> stop{false};
};

void serve(const Plan& plan, Dpdk& dpdk, Requests& requests) {
  SystemClock clock;
  FaultPort port(dpdk.port(0, 0), clock, plan.faults, plan.faults, plan.seed);
  StackOptions options;
  for (const std::string& address : plan.addresses)
    options.addresses.push_back(Prefix::parse(address).value());
  options.seed = plan.seed;
  options.connections_max = kConnections;
  options.time_wait = seconds(1);
  options.receive_window = options.send_buffer = plan.buffer;
  options.congestion_control = plan.control;
  const auto stack = make_stack(options, port, clock.now());
  FaultServices services(*stack, kConnections);
  if (!services.listen()) std::abort();
  for (unsigned told = 0; !requests.stop;) {
    const std::size_t work = stack->poll(clock.now());
    services.work();
    stack->flush(clock.now());
    if (work == 0) std::this_thread::yield();
    if (told == requests.counters) continue;
    ++told;
    const StackCounters counters = stack_counters(*stack);
    fmt::print(
        "{{\"connections\": {}, \"half_open\": {}, \"time_wait\": {}, \"retransmitted\": {}, "
        "\"segments_in\": {}, \"segments_out\": {}}}\n",
        counters.connections, counters.half_open, counters.time_wait,
        counters.segments_retransmitted, counters.segments_in, counters.segments_out);
    std::fflush(stdout);
  }
}

void bridge(const Plan& plan, Dpdk& dpdk, Requests& requests) {
  SystemClock clock;
  const WireOptions none{.delay = {}};
  FaultPort a(dpdk.port(0, 0), clock, plan.faults, none, plan.seed);
  FaultPort b(dpdk.port(1, 0), clock, plan.faults, none, plan.seed + 1);
  std::array<Packet*, 32> burst;
  while (!requests.stop) {
    std::size_t work = 0;
    for (auto [from, to] : {std::pair{&a, &b}, std::pair{&b, &a}}) {
      const std::size_t count = from->receive(burst);
      to->transmit(std::span(burst).first(count));
      work += count;
    }
    if (work == 0) std::this_thread::yield();
  }
}

// net_tap signals each packet to the process, which interrupts reads.
bool next_line() {
  for (char octet = 0; octet != '\n';) {
    const ssize_t got = read(0, &octet, 1);
    if (got == 0 || (got < 0 && errno != EINTR)) return false;
  }
  return true;
}

int run(const Plan& plan, void (*work)(const Plan&, Dpdk&, Requests&)) {
  const auto dpdk = start(plan);
  if (dpdk == nullptr) return 1;
  Requests requests;
  std::thread worker([&] {
    dpdk->enter_worker(0);
    work(plan, *dpdk, requests);
    dpdk->leave_worker(0);
  });
  fmt::print("ready\n");
  std::fflush(stdout);
  while (next_line()) ++requests.counters;
  requests.stop = true;
  worker.join();
  const std::size_t missing = dpdk->stop();
  fmt::print("packets missing {}\n", missing);
  return missing == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("peers over a faulty wire");
  Plan plan;
  app.add_option("--loss", plan.faults.loss, "share of frames");
  app.add_option("--reorder", plan.faults.reorder, "share of frames");
  app.add_option("--duplicate", plan.faults.duplicate, "share of frames");
  app.add_option("--corrupt", plan.faults.corrupt, "share of frames");
  app.add_option("--delay-us", plan.delay_us, "one way");
  app.add_option("--jitter-us", plan.jitter_us, "more for reordered frames");
  app.add_option("--seed", plan.seed, "of the faults");
  app.add_option("--buffer", plan.buffer, "octets per connection and direction");
  const std::map<std::string, CongestionControl> controls = {{"reno", CongestionControl::reno},
                                                             {"cubic", CongestionControl::cubic},
                                                             {"bbr", CongestionControl::bbr}};
  app.add_option("--control", plan.control, "congestion control of the stack")
      ->transform(CLI::CheckedTransformer(controls));
  app.add_option("--address", plan.addresses, "of the stack, with the length of its prefix");
  app.require_subcommand(1);
  for (const char* mode : {"serve", "bridge"})
    app.add_subcommand(mode)->fallthrough()->add_option("device", plan.devices)->required();
  CLI11_PARSE(app, argc, argv);
  plan.faults.delay = microseconds(plan.delay_us);
  plan.faults.jitter = microseconds(plan.jitter_us);
  return run(plan, app.got_subcommand("serve") ? serve : bridge);
}
