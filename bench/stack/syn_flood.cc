// Honest connection set-up on one saturated core under a flood of SYNs from sources that never
// answer, against the same without, taking turns in one run: over a range of honest rates, which
// share of the connections is still established, and up to which rate it is what was asked for.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "bench/stack/flooded_server.h"

namespace sluice::bench {
namespace {

constexpr double kGoal = 0.85;  // of the unflooded rate

struct Settings {
  std::string library;
  std::string options = "timewait_ms=1000";
  unsigned flood = 20;
  double session_us = 0;
  unsigned rounds = 5;
  double seconds = 0.2;
  std::vector<double> rates{10'000,  20'000,  40'000,  60'000,  80'000,   100'000,
                            120'000, 150'000, 200'000, 400'000, 1'000'000};
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

struct Row {
  std::vector<double> quiet, flooded, ratio;
  std::uint32_t tcbs_max = 0;
};

Outcome measure(const StackLibrary& library, const Settings& settings, double rate,
                unsigned flood) {
  return FloodedServer(library, settings.options,
                       {rate, flood, settings.session_us, settings.seconds})
      .run();
}

Row measure_pairs(const StackLibrary& library, const Settings& settings, double rate) {
  Row row;
  for (unsigned round = 0; round < settings.rounds; ++round) {
    const Outcome quiet = measure(library, settings, rate, 0);
    const Outcome flooded = measure(library, settings, rate, settings.flood);
    row.quiet.push_back(quiet.established_rate);
    row.flooded.push_back(flooded.established_rate);
    row.ratio.push_back(flooded.established_rate / quiet.established_rate);
    row.tcbs_max = std::max(row.tcbs_max, flooded.tcbs_max);
  }
  return row;
}

int run(const Settings& settings) {
  auto library = load_library(settings.library);
  if (!library) give_up(library.error());
  fmt::print("{} SYNs of a flood per honest attempt; {} us of application per connection\n",
             settings.flood, settings.session_us);
  fmt::print("{:>12} {:>12} {:>12} {:>7} {:>7}\n", "honest/s", "without", "with", "ratio", "TCBs");
  double knee = 0;
  for (const double rate : settings.rates) {
    const Row row = measure_pairs(*library, settings, rate);
    const double ratio = median(row.ratio);
    if (ratio >= kGoal) knee = rate;
    fmt::print("{:>12.0f} {:>12.0f} {:>12.0f} {:>7.3f} {:>7}\n", rate, median(row.quiet),
               median(row.flooded), ratio, row.tcbs_max);
    std::fflush(stdout);
  }
  fmt::print("a ratio of at least {} up to {:.0f} honest connections a second\n", kGoal, knee);
  return 0;
}

}  // namespace
}  // namespace sluice::bench

int main(int argc, char** argv) {
  sluice::bench::Settings settings;
  CLI::App app("Honest connections under a SYN flood", "syn_flood_bench");
  app.add_option("library", settings.library, "shared library with the interface")
      ->required()
      ->check(CLI::ExistingFile);
  app.add_option("--options", settings.options, "\"key=value,…\" for the stack")
      ->capture_default_str();
  app.add_option("--flood", settings.flood, "SYNs per honest attempt")->capture_default_str();
  app.add_option("--session-us", settings.session_us, "CPU time of the application per connection")
      ->capture_default_str();
  app.add_option("--rounds", settings.rounds, "pairs of runs for each rate")
      ->capture_default_str()
      ->check(CLI::Range(1, 100));
  app.add_option("--seconds", settings.seconds, "of the server's time, for each run")
      ->capture_default_str();
  app.add_option("--rates", settings.rates, "honest attempts a second")->delimiter(',');
  CLI11_PARSE(app, argc, argv);
  return sluice::bench::run(settings);
}
