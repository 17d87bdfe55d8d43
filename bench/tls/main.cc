// tls_bench: what the engine's TLS costs beside OpenSSL alone, measured in turns in one run.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "bench/tls/report.h"

int main(int argc, char** argv) {
  using namespace sluice::bench;
  int handshakes = 400, batches = 2'000, sessions = 500;
  std::string json;
  CLI::App app("TLS: handshakes, records, memory");
  app.add_option("--handshakes", handshakes, "of each kind; 0 = leave out");
  app.add_option("--batches", batches, "of 8 records; 0 = leave out");
  app.add_option("--sessions", sessions, "idle at once; 0 = leave out");
  app.add_option("--json", json, "file for the figures");
  CLI11_PARSE(app, argc, argv);

  count_allocations();
  Figures figures;
  const auto add = [&figures](Figures (*measure)(int), int count) {
    if (count <= 0) return;
    const Figures more = measure(count);
    figures.insert(figures.end(), more.begin(), more.end());
  };
  add(measure_handshakes, handshakes);
  add(measure_records, batches);
  add(measure_memory, sessions);
  print_table(figures);
  if (!json.empty() && !write_json(figures, json)) {
    fmt::print(stderr, "error: {} cannot be written\n", json);
    return 1;
  }
  return 0;
}
