// What a packet and a message cost in a stack alone: no device, no system call, no wire. Client and
// server share the thread, so the cost of a packet is that of sending it and of receiving it.
#include <time.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "bench/stack/dialogue.h"

namespace sluice::bench {
namespace {

constexpr unsigned kConnectionsPerBatch = 40;  // timed together; timers run out between batches

struct Settings {
  std::vector<std::string> libraries;
  std::string stack_options;
  unsigned rounds = 7;
  double seconds = 0.3;  // CPU time of one library in one case of one round
  std::string json_file;
  std::string only;  // name of a case; empty = all
};

struct Case {
  const char* name;
  std::size_t message_bytes;
  unsigned messages;
};

constexpr Case kCases[] = {
    {"4k x1", 4'096, 1}, {"4k x20", 4'096, 20}, {"64k x1", 65'536, 1}, {"64k x20", 65'536, 20}};

struct Costs {
  std::vector<double> ns_per_packet;  // of each batch
  std::vector<double> ns_per_message;
  double packets_per_message = 0;
};

double cpu_ns() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

void check_answers(Link& link, int listener, const Dialogue& dialogue) {
  converse(link, listener, dialogue, true);
  link.drain();
  const StackLibrary& library = link.library();
  if (stats_of(library, link.client()).tcbs + stats_of(library, link.server()).tcbs > 1)
    give_up(library.name + ": connections are left over");  // a listener may count as one
}

// A fresh pair of stacks, batches for the given CPU time.
void measure(const StackLibrary& library, const Settings& settings, const Case& work,
             Costs& costs) {
  auto link = std::make_unique<Link>(library, settings.stack_options);
  const int listener = link->listen();
  const Dialogue dialogue = make_dialogue(work.message_bytes, work.messages);
  check_answers(*link, listener, dialogue);
  const unsigned batch = std::max(1u, kConnectionsPerBatch / work.messages);
  for (double spent_ns = 0; spent_ns < settings.seconds * 1e9;) {
    std::uint64_t packets = 0;
    const double start_ns = cpu_ns();
    for (unsigned i = 0; i < batch; ++i) packets += converse(*link, listener, dialogue, false);
    const double took_ns = cpu_ns() - start_ns;
    const double messages = batch * work.messages;
    spent_ns += took_ns;
    costs.ns_per_packet.push_back(took_ns / static_cast<double>(packets));
    costs.ns_per_message.push_back(took_ns / messages);
    costs.packets_per_message = static_cast<double>(packets) / messages;
    link->drain();
  }
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

double minimum(const std::vector<double>& values) {
  return *std::min_element(values.begin(), values.end());
}

nlohmann::json report(const StackLibrary& library, const Case& work, const Costs& costs) {
  std::printf("%-16s %-8s %8.2f %9.0f %9.0f %11.0f %11.0f\n", library.name.c_str(), work.name,
              costs.packets_per_message, median(costs.ns_per_packet), minimum(costs.ns_per_packet),
              median(costs.ns_per_message), minimum(costs.ns_per_message));
  return {{"library", library.name},
          {"message_bytes", work.message_bytes},
          {"messages_per_connection", work.messages},
          {"packets_per_message", costs.packets_per_message},
          {"ns_per_packet",
           {{"median", median(costs.ns_per_packet)}, {"minimum", minimum(costs.ns_per_packet)}}},
          {"ns_per_message",
           {{"median", median(costs.ns_per_message)}, {"minimum", minimum(costs.ns_per_message)}}},
          {"batches", costs.ns_per_packet.size()}};
}

int run(const Settings& settings) {
  std::vector<StackLibrary> libraries;
  for (const std::string& path : settings.libraries) {
    auto library = load_library(path);
    if (!library) give_up(library.error());
    libraries.push_back(std::move(*library));
  }
  std::vector<std::size_t> chosen;
  for (std::size_t c = 0; c < std::size(kCases); ++c)
    if (settings.only.empty() || settings.only == kCases[c].name) chosen.push_back(c);
  std::vector<std::vector<Costs>> costs(std::size(kCases), std::vector<Costs>(libraries.size()));
  for (unsigned round = 0; round < settings.rounds; ++round)
    for (std::size_t c : chosen)
      for (std::size_t i = 0; i < libraries.size(); ++i)
        measure(libraries[i], settings, kCases[c], costs[c][i]);
  std::printf("%-16s %-8s %8s %9s %9s %11s %11s\n", "stack", "case", "pkts/msg", "ns/pkt", "min",
              "ns/msg", "min");
  nlohmann::json rows = nlohmann::json::array();
  for (std::size_t c : chosen)
    for (std::size_t i = 0; i < libraries.size(); ++i)
      rows.push_back(report(libraries[i], kCases[c], costs[c][i]));
  if (settings.json_file.empty()) return 0;
  std::FILE* file = std::fopen(settings.json_file.c_str(), "we");
  if (file == nullptr) give_up("cannot write " + settings.json_file);
  std::fprintf(file, "%s\n", rows.dump(2).c_str());
  std::fclose(file);
  return 0;
}

}  // namespace
}  // namespace sluice::bench

int main(int argc, char** argv) {
  sluice::bench::Settings settings;
  CLI::App app("Nanoseconds per packet and per message of TCP/IP stacks alone", "stack_bench");
  app.add_option("libraries", settings.libraries, "shared libraries with the interface")
      ->required()
      ->check(CLI::ExistingFile);
  app.add_option("--options", settings.stack_options, "\"key=value,…\" for each stack");
  app.add_option("--rounds", settings.rounds, "interleaved rounds")->capture_default_str();
  app.add_option("--seconds", settings.seconds, "CPU seconds per library, case and round")
      ->capture_default_str();
  app.add_option("--case", settings.only, "one case, as \"4k x20\"");
  app.add_option("--json", settings.json_file, "file for the figures");
  CLI11_PARSE(app, argc, argv);
  return sluice::bench::run(settings);
}
