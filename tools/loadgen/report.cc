#include "tools/loadgen/report.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace sluice::load {
namespace {

struct Quantile {
  const char* name;
  double share;
};
constexpr std::array kQuantiles{Quantile{"p50", 0.5}, Quantile{"p90", 0.9}, Quantile{"p99", 0.99},
                                Quantile{"p99.9", 0.999}};

double in_seconds(Duration d) { return static_cast<double>(d.ns) / 1e9; }
double in_us(Duration d) { return static_cast<double>(d.ns) / 1e3; }

double per_second(std::uint64_t count, Duration d) {
  return d.ns > 0 ? static_cast<double>(count) / in_seconds(d) : 0;
}

double busy_us_per_message(const Tally& tally, const Findings& findings) {
  return tally.messages > 0 ? in_us(findings.busy) / static_cast<double>(tally.messages) : 0;
}

std::string latency_line(const char* name, const Histogram& histogram) {
  std::string line = fmt::format("  {:<24}", name);
  for (const Quantile& quantile : kQuantiles)
    line += fmt::format(" {} {:.0f}", quantile.name, in_us(histogram.quantile(quantile.share)));
  return line + fmt::format(" max {:.0f} us\n", in_us(histogram.max()));
}

nlohmann::json latency_json(const Histogram& histogram) {
  nlohmann::json out = {{"max_us", in_us(histogram.max())}, {"count", histogram.count()}};
  for (const Quantile& quantile : kQuantiles)
    out[fmt::format("{}_us", quantile.name)] = in_us(histogram.quantile(quantile.share));
  return out;
}

}  // namespace

std::string text_report(const Tally& tally, const Findings& findings) {
  std::string out = fmt::format(
      "{} messages in {:.2f} s: {:.0f} per second, {:.1f} MB/s over {} connections\n",
      tally.messages, in_seconds(findings.elapsed), per_second(tally.messages, findings.elapsed),
      per_second(tally.octets, findings.elapsed) / 1e6, tally.connections);
  for (std::size_t code = 0; code < tally.codes.size(); ++code)
    if (tally.codes[code] > 0) out += fmt::format("  reply {}: {}\n", code, tally.codes[code]);
  out += latency_line("final dot to reply", tally.final_dot);
  out += latency_line("whole transaction", tally.transaction);
  out += fmt::format("  generator: {:.2f} us per message\n", busy_us_per_message(tally, findings));
  if (tally.unanswered > 0) out += fmt::format("  without a reply: {}\n", tally.unanswered);
  if (tally.connections_failed > 0)
    out += fmt::format("  connections failed: {}, the first: {}\n", tally.connections_failed,
                       tally.first_failure);
  if (!findings.complete) out += "  not every message was sent and answered\n";
  return out;
}

std::string json_report(const Tally& tally, const Findings& findings, const Options& options) {
  nlohmann::json codes = nlohmann::json::object();
  for (std::size_t code = 0; code < tally.codes.size(); ++code)
    if (tally.codes[code] > 0) codes[std::to_string(code)] = tally.codes[code];
  const nlohmann::json out = {
      {"label", options.label},
      {"transport", options.over_dpdk ? "dpdk" : "kernel"},
      {"connections", options.connections},
      {"messages_per_connection", options.messages_per_connection},
      {"size", options.corpus.empty() ? options.size : 0},
      {"messages", tally.messages},
      {"accepted", tally.accepted()},
      {"unanswered", tally.unanswered},
      {"connections_opened", tally.connections},
      {"connections_failed", tally.connections_failed},
      {"first_failure", tally.first_failure},
      {"complete", findings.complete},
      {"seconds", in_seconds(findings.elapsed)},
      {"messages_per_second", per_second(tally.messages, findings.elapsed)},
      {"octets_per_second", per_second(tally.octets, findings.elapsed)},
      {"codes", codes},
      {"final_dot_to_reply", latency_json(tally.final_dot)},
      {"transaction", latency_json(tally.transaction)},
      {"generator_busy_us_per_message", busy_us_per_message(tally, findings)},
      {"generator_cpu_seconds", in_seconds(findings.cpu)}};
  return out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

ProgressBar::ProgressBar(bool wanted) : enabled_(wanted && ::isatty(STDERR_FILENO) == 1) {}

void ProgressBar::show(const Progress& progress) {
  if (!enabled_) return;
  constexpr int kWidth = 30;
  const Duration step = progress.elapsed - last_elapsed_;
  if (step.ns > 0) rate_ = per_second(progress.done - last_done_, step);
  last_done_ = progress.done;
  last_elapsed_ = progress.elapsed;
  std::string line = fmt::format("\r{} messages, {:.0f}/s, {:.0f} s   ", progress.done, rate_,
                                 in_seconds(progress.elapsed));
  if (progress.wanted > 0) {
    const auto filled =
        static_cast<int>(std::min<std::uint64_t>(kWidth, progress.done * kWidth / progress.wanted));
    line = fmt::format("\r[{:#<{}}{:.<{}}] {}/{} messages, {:.0f}/s   ", "", filled, "",
                       kWidth - filled, progress.done, progress.wanted, rate_);
  }
  std::fputs(line.c_str(), stderr);
}

void ProgressBar::finish() {
  if (enabled_) std::fputs("\r\033[K", stderr);
}

}  // namespace sluice::load
