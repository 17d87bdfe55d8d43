// A command of `sluice`: each file of this folder adds one to the parser and sets `run` when it was
// chosen. Exit status: 0 done, 1 refused or failed, 2 wrong usage.
#pragma once

#include <CLI/CLI.hpp>

#include <functional>
#include <memory>
#include <string>

#include "engine/config/config.h"

namespace sluice::tools {

struct Options {  // shared by all commands
  std::string config_path = "/etc/sluice/sluice.toml";
  std::function<int()> run;
  bool as_json = false;  // of commands without options of their own
};

void add_run(CLI::App& app, Options& options);
void add_check(CLI::App& app, Options& options);
void add_defaults(CLI::App& app, Options& options);
void add_plan(CLI::App& app, Options& options);
void add_monitor(CLI::App& app, Options& options);
void add_queue(CLI::App& app, Options& options);
void add_queue_files(CLI::App& queue, Options& options);
void add_versions(CLI::App& app, Options& options);
void add_rules(CLI::App& app, Options& options);
void add_learn(CLI::App& app, Options& options);
void add_scan(CLI::App& app, Options& options);
void add_block(CLI::App& app, Options& options);
void add_destconfig(CLI::App& app, Options& options);
void add_tlsverify(CLI::App& app, Options& options);
void add_tlsrpt(CLI::App& app, Options& options);
void add_log(CLI::App& app, Options& options);
void add_certconfig(CLI::App& app, Options& options);
void add_session(CLI::App& app, Options& options);
void add_hosts(CLI::App& app, Options& options);
void add_mta_control(CLI::App& app, Options& options);
void add_links(CLI::App& app, Options& options);
void add_completion(CLI::App& app, Options& options);

// Loads options.config_path; prints every problem to stderr and returns null when there are any.
std::shared_ptr<const config::Config> load_config(const Options& options);
int fail(const std::string& text);  // "error: …" on stderr; returns 1

}  // namespace sluice::tools
