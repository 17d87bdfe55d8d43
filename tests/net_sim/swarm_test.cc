// Random conversations over faulty links. SLUICE_SIM_SEEDS is how many seeds are run (200) from
// SLUICE_SIM_SEED (1) on; SLUICE_SIM_SEED alone runs just that one, says what was drawn and writes
// what was sent to swarm.pcap.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/net_sim/swarm.h"
#include "tests/support/golden.h"

namespace sluice::net::test {
namespace {

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

void expect_good(Swarm& swarm, std::uint64_t seed) {
  const std::string fault = swarm.run();
  EXPECT_EQ(fault, "") << "seed " << seed << ", again with:\n  SLUICE_SIM_SEED=" << seed
                       << " ./build/tests/net_sim/net_sim_tests --gtest_filter='Swarm*'\n"
                       << swarm.describe();
}

}  // namespace

TEST(Swarm, EveryConversationEndsIntactAndLeavesNothingBehind) {
  const std::uint64_t first = from_environment("SLUICE_SIM_SEED", 1);
  const bool only = std::getenv("SLUICE_SIM_SEED") && !std::getenv("SLUICE_SIM_SEEDS");
  const std::uint64_t otherwise = only ? 1 : sluice::test::kSlowBuild ? 50 : 200;
  const std::uint64_t seeds = from_environment("SLUICE_SIM_SEEDS", otherwise);
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    Swarm swarm(seed);
    if (only) {
      fmt::print("{}", swarm.describe());
      swarm.record("swarm.pcap");
    }
    expect_good(swarm, seed);
  }
}

}  // namespace sluice::net::test
