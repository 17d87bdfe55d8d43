// Mutates packets between honest stacks, session after session, each from a seed of its own.
//
//   net_mutator [--packets=N] [--seed=N] [--sessions=N]
//
// Ends with 0 after N packets (1,000,000 as acceptance, under AddressSanitizer) in which nothing
// was left behind. After a crash the last line that was printed names the seed; `--seed=N
// --sessions=1` runs that session again.
#include <CLI/CLI.hpp>

#include <fmt/format.h>

#include <cstdio>

#include "tests/net_fuzz/mutated_session.h"

namespace {

using namespace sluice::net::test;

constexpr std::uint64_t kPacketsPerSession = 4'000;
constexpr std::uint64_t kStepsPerSession = 20'000;

struct Plan {
  std::uint64_t packets = 1'000'000;
  std::uint64_t seed = 1;
  std::uint64_t sessions = UINT64_MAX;
};

// Returns how many packets were mutated; says what was left behind.
std::uint64_t run_session(std::uint64_t seed, std::string& fault) {
  RandomChoices choices(seed);
  MutatedSession session(seed, choices);
  for (std::uint64_t steps = 0; steps < kStepsPerSession; ++steps) {
    if (session.packets() >= kPacketsPerSession) break;
    session.step();
  }
  const std::uint64_t packets = session.packets();
  fault = session.end();
  return packets;
}

int run(const Plan& plan) {
  std::uint64_t packets = 0;
  std::uint64_t faults = 0;
  for (std::uint64_t i = 0; i < plan.sessions && packets < plan.packets; ++i) {
    const std::uint64_t seed = plan.seed + i;
    fmt::print("seed {} after {} packets\n", seed, packets);
    std::fflush(stdout);
    std::string fault;
    packets += run_session(seed, fault);
    if (fault.empty()) continue;
    ++faults;
    fmt::print("FAULT with seed {}: {}\n", seed, fault);
  }
  fmt::print("{} packets, {} faults\n", packets, faults);
  return faults == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("mutates packets between two stacks");
  Plan plan;
  app.add_option("--packets", plan.packets, "how many packets in all");
  app.add_option("--seed", plan.seed, "of the first session");
  app.add_option("--sessions", plan.sessions, "how many at most");
  CLI11_PARSE(app, argc, argv);
  return run(plan);
}
