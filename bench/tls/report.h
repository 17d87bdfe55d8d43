// Figures of the TLS benchmarks: each is ours beside a reference of the same run.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::bench {

struct Figure {
  std::string name;
  std::string unit;
  double ours = 0;
  double reference = 0;
  double ratio = 0;
  std::string bound;  // "<= 1.10"
};
using Figures = std::vector<Figure>;

double microseconds(std::uint64_t cycles);
std::uint64_t median(std::vector<std::uint64_t> values);
void print_table(const Figures& figures);
bool write_json(const Figures& figures, const std::string& path);

Figures measure_handshakes(int rounds);
Figures measure_records(int rounds);
Figures measure_memory(int sessions);
void count_allocations();  // before anything else touches OpenSSL

}  // namespace sluice::bench
