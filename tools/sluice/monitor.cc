// `sluice monitor mta`: the three queues and the rates, once, as JSON, or live at 1 Hz.
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <string>
#include <thread>

#include "tools/sluice/command.h"
#include "tools/sluice/offline.h"

namespace sluice::tools {
namespace {

using nlohmann::json;

struct MonitorOptions {
  bool as_json = false;
  bool live = false;
};

std::uint64_t total(const json& status, const char* key) {
  std::uint64_t sum = 0;
  for (const json& worker : status["workers"]) sum += worker[key].get<std::uint64_t>();
  return sum;
}

Answer sizes_from_files(OfflineQueue& queue) { return queue.sizes(); }

void row(const char* name, std::uint64_t value) {
  std::printf("  %-24s %12llu\n", name, static_cast<unsigned long long>(value));
}

void print_queues(const json& s) {
  std::printf("Queues:\n");
  for (const char* key : {"i_qmsgs", "o_qmsgs", "d_qmsgs"}) row(key, s[key].get<std::uint64_t>());
}

void print_paused(const json& pauses) {
  std::string paused;
  for (const auto& [name, state] : pauses.items())
    if (state.value("paused", false) || state.value("paused_by_configuration", false))
      paused += " " + name;
  if (!paused.empty()) std::printf("Paused:      %s\n", paused.c_str());
}

void print_pressure(const json& s) {
  if (!s.contains("back_pressure")) return;
  for (const json& reading : s["back_pressure"])
    if (reading.value("level", "low") != "low")
      std::printf("Pressure:     %s\n", reading["text"].get<std::string>().c_str());
}

void print_table(const json& s) {
  std::printf("Status as of: %s\n", s["as_of"].get<std::string>().c_str());
  std::printf("Up since:     %s\n", s["started"].get<std::string>().c_str());
  for (const json& warning : s.value("certificate_warnings", json::array()))
    std::printf("Warning:      %s\n", warning.get<std::string>().c_str());
  print_paused(s["pauses"]);
  for (const json& fault : s.value("queue_faults", json::array()))
    std::printf("Queue fault:  %s\n", fault.get<std::string>().c_str());
  print_pressure(s);
  print_queues(s);
  std::printf("Connections:\n");
  row("open", total(s, "sessions"));
  row("accepted", total(s, "connections"));
  row("refused", total(s, "connections_refused"));
  std::printf("Messages:\n");
  for (const char* key : {"messages_accepted", "messages_quarantined", "messages_discarded",
                          "messages_rejected", "messages_deferred"})
    row(key, total(s, key));
  std::printf("Cores:\n");
  for (const json& worker : s["workers"]) {
    const double busy = worker["busy_cycles"].get<double>();
    const double all = busy + worker["idle_cycles"].get<double>();
    std::printf("  CPU %-3u busy %5.1f %% of polling, blocks free %llu (lowest %llu)\n",
                worker["cpu"].get<unsigned>(), all > 0 ? 100 * busy / all : 0.0,
                static_cast<unsigned long long>(worker["blocks_available"].get<std::uint64_t>()),
                static_cast<unsigned long long>(worker["blocks_low_water"].get<std::uint64_t>()));
  }
}

void print_live_line(const json& now, const json& before) {
  const auto accepted = total(now, "messages_accepted") - total(before, "messages_accepted");
  const auto rejected = total(now, "messages_rejected") - total(before, "messages_rejected");
  std::printf(
      "%s  i_qmsgs %llu  o_qmsgs %llu  d_qmsgs %llu  open %llu  accepted/s %llu  rejected/s %llu\n",
      now["as_of"].get<std::string>().c_str(),
      static_cast<unsigned long long>(now["i_qmsgs"].get<std::uint64_t>()),
      static_cast<unsigned long long>(now["o_qmsgs"].get<std::uint64_t>()),
      static_cast<unsigned long long>(now["d_qmsgs"].get<std::uint64_t>()),
      static_cast<unsigned long long>(total(now, "sessions")),
      static_cast<unsigned long long>(accepted), static_cast<unsigned long long>(rejected));
  std::fflush(stdout);
}

int monitor_mta(const Options& options, const MonitorOptions& monitor) {
  auto config = load_config(options);
  if (config == nullptr) return 1;
  auto status = ask_or_read(*config, {{"command", "status"}}, sizes_from_files);
  if (!status) return fail(status.error());
  const bool runs = status->contains("workers");
  if (!monitor.live || !runs) {
    if (monitor.as_json)
      print_json(*status);
    else
      runs ? print_table(*status) : print_queues(*status);
    return 0;
  }
  for (json before = *status;;) {
    std::this_thread::sleep_for(std::chrono::seconds(1));
    auto next = ask_engine(config->admin.socket, {{"command", "status"}});
    if (!next) return fail(next.error().text);
    if (monitor.as_json)
      std::printf("%s\n", next->dump().c_str());
    else
      print_live_line(*next, before);
    std::fflush(stdout);
    before = std::move(*next);
  }
}

}  // namespace

void add_monitor(CLI::App& app, Options& options) {
  auto* monitor = app.add_subcommand("monitor", "watch the engine");
  monitor->require_subcommand(1);
  monitor->footer("Example: sluice monitor mta");
  auto* mta = monitor->add_subcommand("mta", "queues, connections, messages");
  auto settings = std::make_shared<MonitorOptions>();
  mta->add_flag("--json", settings->as_json,
                "everything the engine counts, as JSON; with --live a line each second");
  mta->add_flag("--live", settings->live, "a line each second until Ctrl-C");
  mta->footer("Example: sluice monitor mta --live");
  mta->callback([&options, settings] {
    options.run = [&options, settings] { return monitor_mta(options, *settings); };
  });
}

}  // namespace sluice::tools
