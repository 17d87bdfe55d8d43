#include "bench/tls/report.h"

#include <fmt/format.h>
#include <x86intrin.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>

namespace sluice::bench {
namespace {

double cycles_per_microsecond() {
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  const std::uint64_t cycles = __rdtsc();
  while (Clock::now() - begin < std::chrono::milliseconds(20)) continue;
  const std::chrono::duration<double, std::micro> passed = Clock::now() - begin;
  return static_cast<double>(__rdtsc() - cycles) / passed.count();
}

}  // namespace

double microseconds(std::uint64_t cycles) {
  static const double rate = cycles_per_microsecond();
  return static_cast<double>(cycles) / rate;
}

std::uint64_t median(std::vector<std::uint64_t> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

void print_table(const Figures& figures) {
  fmt::print("{:44} {:>10} {:>10} {:>7}  {}\n", "", "ours", "reference", "ratio", "bound");
  for (const Figure& f : figures)
    fmt::print("{:44} {:>10.2f} {:>10.2f} {:>7.3f}  {:8} {}\n", f.name, f.ours, f.reference,
               f.ratio, f.bound, f.unit);
}

bool write_json(const Figures& figures, const std::string& path) {
  nlohmann::json all = nlohmann::json::array();
  for (const Figure& f : figures)
    all.push_back({{"name", f.name},
                   {"unit", f.unit},
                   {"ours", f.ours},
                   {"reference", f.reference},
                   {"ratio", f.ratio},
                   {"bound", f.bound}});
  std::ofstream file(path);
  file << all.dump(2) << '\n';
  return file.good();
}

}  // namespace sluice::bench
