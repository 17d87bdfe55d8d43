// The whole engine against faults drawn from seeds. A run is repeated with
//   SLUICE_SIM_SEED=17 unit_tests --gtest_filter='Simulation*'
// and SLUICE_SIM_SEEDS=1000 runs as many from SLUICE_SIM_SEED (or 1) on. Both print each seed as it
// begins, for the case that an assertion of the engine ends the process.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "tests/sim/world.h"

namespace sluice::sim {
namespace {

constexpr std::uint64_t kSeeds = 50;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

}  // namespace

TEST(Simulation, FiftySeedsLoseNothing) {
  const bool one = std::getenv("SLUICE_SIM_SEED") != nullptr;
  const bool chosen = one || std::getenv("SLUICE_SIM_SEEDS") != nullptr;
  const std::uint64_t first = from_environment("SLUICE_SIM_SEED", 1);
  const std::uint64_t count = from_environment("SLUICE_SIM_SEEDS", one ? 1 : kSeeds);
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    const Scenario scenario = draw_scenario(seed);
    SCOPED_TRACE("repeat with SLUICE_SIM_SEED=" + std::to_string(seed) + "\n" + describe(scenario));
    if (chosen) std::fprintf(stderr, "seed %ju\n", std::uintmax_t{seed});
    World world(scenario);
    EXPECT_EQ(world.run(), "");
  }
}

TEST(Simulation, ASeedGivesTheSameRunAgain) {
  World first(draw_scenario(36));
  World second(draw_scenario(36));
  EXPECT_EQ(first.run(), second.run());
  const auto& taken = first.ledger().taken;
  ASSERT_EQ(taken.size(), second.ledger().taken.size());
  for (std::size_t i = 0; i < taken.size(); ++i) {
    EXPECT_EQ(taken[i].begun, second.ledger().taken[i].begun);
    EXPECT_EQ(taken[i].octets, second.ledger().taken[i].octets);
  }
}

}  // namespace sluice::sim
