// `sluice mta-control …`: pauses, flush, drain, and what is done to single hosts.
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <thread>

#include "engine/control/mta_commands.h"
#include "engine/control/operator_state.h"
#include "tools/sluice/command.h"
#include "tools/sluice/offline.h"

namespace sluice::tools {
namespace {

using nlohmann::json;

struct MtaOptions {
  std::string host;
  std::string to;
  bool as_json = false;
  bool until_empty = false;
  std::uint64_t timeout = 0;  // seconds, 0 = none
};

// The operator's state, from the engine or from its file.
Answer state_of(const config::Config& config, const char* command,
                json (*read)(const control::OperatorState&, bool)) {
  auto answer = ask_engine(config.admin.socket, {{"command", command}});
  if (answer) return *answer;
  if (answer.error().fault != AdminFault::not_running) return std::unexpected(answer.error().text);
  auto state = control::OperatorState::load(config.queue.directory);
  if (!state) return std::unexpected(state.error());
  note_offline(config);
  return read(*state, config.delivery.paused);
}

std::string pause_line(const char* name, const json& pause) {
  const bool paused = pause.value("paused", false);
  std::string line = fmt::format("  {:<10} {}", name, paused ? "paused" : "running");
  if (pause.contains("since"))
    line += fmt::format("  since {} GMT by {}", text_of(pause, "since"), text_of(pause, "by"));
  if (pause.value("paused_by_configuration", false)) line += "  (paused by [delivery] paused)";
  return line;
}

int pause_status(const Options& options, const MtaOptions& wanted) {
  auto config = load_config(options);
  if (config == nullptr) return 1;
  auto pauses = state_of(*config, "mta.pauses", control::pauses_json);
  if (!pauses) return fail(pauses.error());
  if (wanted.as_json) {
    print_json(*pauses);
    return 0;
  }
  std::printf("MTA pause state:\n");
  for (const char* name : {"accept", "scan", "delivery"})
    std::printf("%s\n", pause_line(name, (*pauses)[name]).c_str());
  return 0;
}

int run_change(const Options& options, const MtaOptions& wanted, const json& request,
               const std::string& done, const std::string& was_so) {
  auto config = load_config(options);
  if (config == nullptr) return 1;
  auto answer = ask_running(*config, request);
  if (!answer) return fail(answer.error());
  if (wanted.as_json)
    print_json(*answer);
  else
    std::printf("%s\n", (answer->value("changed", true) ? done : was_so).c_str());
  return 0;
}

json hosts_only(const control::OperatorState& state, bool) {
  return control::directives_json(state);
}

int list_hosts(const Options& options, const MtaOptions& wanted) {
  auto config = load_config(options);
  if (config == nullptr) return 1;
  auto all = state_of(*config, "mta.directives", hosts_only);
  if (!all) return fail(all.error());
  if (wanted.as_json) {
    print_json(*all);
    return 0;
  }
  std::printf("%-32s %-32s %-24s %s\n", "host", "what", "since", "by");
  for (const json& row : (*all)["held"])
    std::printf("%-32s %-32s %-24s %s\n", text_of(row, "host").c_str(), "held",
                text_of(row, "since").c_str(), text_of(row, "by").c_str());
  for (const json& row : (*all)["redirects"])
    std::printf("%-32s %-32s %-24s %s\n", text_of(row, "host").c_str(),
                ("to " + text_of(row, "to")).c_str(), text_of(row, "since").c_str(),
                text_of(row, "by").c_str());
  return 0;
}

std::uint64_t sessions_of(const json& status) {
  std::uint64_t sum = 0;
  for (const json& worker : status["workers"]) sum += worker["sessions"].get<std::uint64_t>();
  return sum;
}

bool is_empty(const json& s) {
  return s["i_qmsgs"] == 0 && s["o_qmsgs"] == 0 && s["d_qmsgs"] == 0 && sessions_of(s) == 0;
}

std::string what_is_left(const json& s) {
  return fmt::format("i_qmsgs {}  o_qmsgs {}  d_qmsgs {}  sessions {}", number_of(s, "i_qmsgs"),
                     number_of(s, "o_qmsgs"), number_of(s, "d_qmsgs"), sessions_of(s));
}

// What keeps the queues from becoming empty, whatever time passes.
std::string obstacle(const json& status) {
  for (const char* name : {"scan", "delivery"}) {
    const json& pause = status["pauses"][name];
    if (pause.value("paused", false) || pause.value("paused_by_configuration", false))
      return fmt::format(
          "{} is paused, so the queues cannot become empty: mta-control pause-mode "
          "resume-{}",
          name, name);
  }
  return {};
}

int drain(const Options& options, const MtaOptions& wanted) {
  auto config = load_config(options);
  if (config == nullptr) return 1;
  auto paused =
      ask_running(*config, {{"command", "mta.pause"}, {"what", "accept"}, {"paused", true}});
  if (!paused) return fail(paused.error());
  std::uint64_t waited = 0;
  for (;; ++waited) {
    auto status = ask_running(*config, {{"command", "status"}});
    if (!status) return fail(status.error());
    const bool empty = is_empty(*status);
    if (wanted.as_json && (empty || !wanted.until_empty))
      print_json({{"empty", empty},
                  {"i_qmsgs", (*status)["i_qmsgs"]},
                  {"o_qmsgs", (*status)["o_qmsgs"]},
                  {"d_qmsgs", (*status)["d_qmsgs"]},
                  {"sessions", sessions_of(*status)}});
    else if (!wanted.as_json)
      std::printf("%s\n", what_is_left(*status).c_str());
    std::fflush(stdout);
    if (empty || !wanted.until_empty) break;
    if (const std::string problem = obstacle(*status); !problem.empty()) return fail(problem);
    if (wanted.timeout != 0 && waited >= wanted.timeout)
      return fail("not empty in time; no new mail is accepted until resume-accept");
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
  if (!wanted.as_json)
    std::printf("No new mail is accepted until \"mta-control pause-mode resume-accept\".\n");
  return 0;
}

struct Adder {
  Options& options;
  std::shared_ptr<MtaOptions> settings;

  CLI::App* add(CLI::App* parent, const char* name, const char* what, const char* example,
                std::function<int(const Options&, const MtaOptions&)> run) const {
    auto* command = parent->add_subcommand(name, what);
    command->add_flag("--json", settings->as_json, "as JSON");
    command->footer(std::string("Example: sluice mta-control ") + example);
    command->callback(
        [o = &options, s = settings, run] { o->run = [o, s, run] { return run(*o, *s); }; });
    return command;
  }
};

void add_pause_mode(const Adder& adder, CLI::App* mta) {
  auto* mode = mta->add_subcommand("pause-mode", "what the engine does and does not do just now");
  mode->require_subcommand(1);
  mode->footer("Example: sluice mta-control pause-mode status");
  adder.add(mode, "status", "accept, scan and delivery: running or paused, since when, by whom",
            "pause-mode status", pause_status);
  constexpr const char* kWhat[][4] = {
      {"accept", "new connections get 421 4.3.2; sessions in progress finish",
       "mail is accepted again", "new mail is not accepted"},
      {"scan", "mail is accepted unscanned and waits in the inbound or outbound queue",
       "what waits is scanned, as it would have been on arrival", "mail waits for its scan"},
      {"delivery", "nothing is sent: mail waits in the delivery queue", "mail is sent again",
       "mail waits in the delivery queue"}};
  for (const auto& [name, paused, resumed, state] : kWhat)
    for (const bool pause : {true, false}) {
      const std::string verb = std::string(pause ? "pause-" : "resume-") + name;
      adder.add(mode, verb.c_str(), pause ? paused : resumed, ("pause-mode " + verb).c_str(),
                [name = name, pause](const Options& options, const MtaOptions& wanted) {
                  const char* is = pause ? "paused" : "running";
                  return run_change(options, wanted,
                                    {{"command", "mta.pause"}, {"what", name}, {"paused", pause}},
                                    fmt::format("{}: {}", name, is),
                                    fmt::format("{}: {} already", name, is));
                });
    }
}

void add_delivery(const Adder& adder, CLI::App* mta) {
  auto* delivery = mta->add_subcommand("delivery", "the delivery queue");
  delivery->require_subcommand(1);
  delivery->footer("Example: sluice mta-control delivery flush");
  adder.add(delivery, "flush", "everything deferred is tried again now", "delivery flush",
            [](const Options& options, const MtaOptions& wanted) {
              return run_change(options, wanted, {{"command", "mta.flush"}},
                                "every deferred message is due now", "");
            });
  const auto on_host = [&](const char* name, const char* what, const char* done, const char* was) {
    auto* command = adder.add(
        delivery, name, what, (std::string("delivery ") + name + " example.com").c_str(),
        [name, done, was](const Options& options, const MtaOptions& wanted) {
          return run_change(
              options, wanted, {{"command", std::string("mta.") + name}, {"host", wanted.host}},
              fmt::format("{}: {}", wanted.host, done), fmt::format("{}: {}", wanted.host, was));
        });
    command->add_option("host", adder.settings->host, "a recipient host")->required();
  };
  on_host("hold", "mail for a host waits until it is released", "held", "held already");
  on_host("release", "ends the hold", "released", "was not held");
  auto* redirect = adder.add(
      delivery, "redirect", "mail for a host goes where another host's mail goes, or to a next hop",
      "delivery redirect example.com backup.example",
      [](const Options& options, const MtaOptions& wanted) {
        return run_change(options, wanted,
                          {{"command", "mta.redirect"}, {"host", wanted.host}, {"to", wanted.to}},
                          wanted.to.empty()
                              ? fmt::format("{}: goes its own way", wanted.host)
                              : fmt::format("{}: redirected to {}", wanted.host, wanted.to),
                          fmt::format("{}: nothing to change", wanted.host));
      });
  redirect->add_option("host", adder.settings->host, "a recipient host")->required();
  redirect->add_option(
      "to", adder.settings->to,
      "another one, or a next hop: 192.0.2.25:25, [smtp.example.net]:587; without it the "
      "redirect ends");
  adder.add(delivery, "list", "hosts that are held or redirected", "delivery list", list_hosts);
}

}  // namespace

void add_mta_control(CLI::App& app, Options& options) {
  auto* mta = app.add_subcommand("mta-control", "pause, resume, flush, drain");
  mta->require_subcommand(1);
  mta->footer("Example: sluice mta-control pause-mode status");
  const Adder adder{options, std::make_shared<MtaOptions>()};
  add_pause_mode(adder, mta);
  add_delivery(adder, mta);
  auto* command = adder.add(mta, "drain", "accepts no new mail and shows what is left",
                            "drain --until-empty", drain);
  command->add_flag("--until-empty", adder.settings->until_empty,
                    "waits until all queues are empty and the last session has ended");
  command
      ->add_option("--timeout", adder.settings->timeout, "seconds to wait; 0 = as long as it takes")
      ->capture_default_str();
}

}  // namespace sluice::tools
