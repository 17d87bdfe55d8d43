// Honest connection set-up under a flood of SYNs from sources that never answer, in the same run as
// without: what share of the honest attempts succeeds, what the flood leaves in the stack, and what
// a SYN of it costs.
#include <time.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>

#include "bench/stack/link.h"
#include "bench/stack/segments.h"
#include "engine/base/random.h"

namespace sluice::bench {
namespace {

constexpr std::uint64_t kStepNs = 100'000;  // one honest attempt in each: 10,000 a second
constexpr unsigned kLifeSteps = 3;          // of an honest connection, both FINs included

struct Settings {
  std::string library;
  std::string options = "timewait_ms=1000";
  unsigned flood = 20;  // SYNs per honest attempt
  unsigned attempts = 50'000;
};

struct Outcome {
  unsigned established = 0;
  std::uint32_t tcbs_max = 0;
  std::uint32_t half_open_max = 0;
  double honest_ns = 0;  // CPU of both ends, per honest connection
  double flood_ns = 0;   // per SYN of the flood, its answer included
};

double cpu_ns() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

class Run {
 public:
  Run(const StackLibrary& library, const Settings& settings, unsigned flood)
      : library_(library), link_(library, settings.options), flood_(flood) {
    listener_ = link_.listen();
  }

  Outcome go(unsigned attempts) {
    for (unsigned i = 0; i < attempts; ++i) {
      prepare_flood();
      const double start_ns = cpu_ns();
      flood_server();
      const double flooded_ns = cpu_ns();
      honest_step();
      outcome_.flood_ns += flooded_ns - start_ns;
      outcome_.honest_ns += cpu_ns() - flooded_ns;
      note_state();
    }
    outcome_.honest_ns /= attempts;
    outcome_.flood_ns = flood_ == 0 ? 0 : outcome_.flood_ns / (flood_ * attempts);
    return outcome_;
  }

 private:
  void prepare_flood() {
    flood_packets_.clear();
    for (unsigned i = 0; i < flood_; ++i)
      flood_packets_.push_back(
          make_syn({0x0b000000 + static_cast<std::uint32_t>(random_.below(1 << 24)),
                    static_cast<std::uint16_t>(1'024 + random_.below(60'000))},
                   static_cast<std::uint32_t>(random_.next())));
  }

  // The answers go to nobody.
  void flood_server() {
    std::array<std::uint8_t, 2'048> packet;
    for (const auto& syn : flood_packets_) library_.input(link_.server(), syn.data(), syn.size());
    while (library_.output(link_.server(), packet.data(), packet.size(), nullptr) > 0) continue;
  }

  // A new attempt, with the answers of the server a round trip later, so that SYNs of the flood
  // come between SYN and ACK; what is established is closed at once by the server, then by the
  // client.
  void honest_step() {
    waiting_[step_ % kLifeSteps] = link_.connect();
    link_.carry_to_server();
    link_.carry_to_client();
    link_.pass_time(kStepNs);
    link_.carry_to_server();
    for (int fd; (fd = library_.accept(link_.server(), listener_, nullptr, nullptr)) >= 0;) {
      ++outcome_.established;
      library_.close(link_.server(), fd);
    }
    link_.carry_to_client();
    if (++step_ >= kLifeSteps) library_.close(link_.client(), waiting_[step_ % kLifeSteps]);
  }

  void note_state() {
    const slt_stats stats = stats_of(library_, link_.server());
    outcome_.tcbs_max = std::max(outcome_.tcbs_max, stats.tcbs - stats.time_wait);
    outcome_.half_open_max = std::max(outcome_.half_open_max, stats.syn_received);
  }

  const StackLibrary& library_;
  Link link_;
  unsigned flood_;
  int listener_ = -1;
  Random random_{1};
  std::vector<std::vector<std::uint8_t>> flood_packets_;
  std::array<int, kLifeSteps> waiting_{};
  unsigned step_ = 0;
  Outcome outcome_;
};

void print(const char* name, const Outcome& outcome, unsigned attempts) {
  std::printf(
      "%-14s %6.2f %% established, at most %u connections and %u half-open, "
      "%.0f ns per honest connection",
      name, 100.0 * outcome.established / attempts, outcome.tcbs_max, outcome.half_open_max,
      outcome.honest_ns);
  if (outcome.flood_ns > 0) std::printf(", %.0f ns per SYN of the flood", outcome.flood_ns);
  std::printf("\n");
}

int run(const Settings& settings) {
  auto library = load_library(settings.library);
  if (!library) give_up(library.error());
  const Outcome quiet = Run(*library, settings, 0).go(settings.attempts);
  const Outcome flooded = Run(*library, settings, settings.flood).go(settings.attempts);
  print("without flood", quiet, settings.attempts);
  print("with flood", flooded, settings.attempts);
  std::printf("ratio of the set-up rates at a given load: %.3f\n",
              static_cast<double>(flooded.established) / quiet.established);
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
  app.add_option("--options", settings.options, "\"key=value,…\" for the stacks")
      ->capture_default_str();
  app.add_option("--flood", settings.flood, "SYNs per honest attempt")->capture_default_str();
  app.add_option("--attempts", settings.attempts, "honest attempts")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  return sluice::bench::run(settings);
}
