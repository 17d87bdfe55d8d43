#include <algorithm>
#include <cstdio>
#include <cstring>
#include <vector>

#include "engine/config/load.h"
#include "tools/sluice/command.h"
#include "tools/sluice/links.h"

namespace sluice::tools {

std::shared_ptr<const config::Config> load_config(const Options& options) {
  auto config = config::load_file(options.config_path);
  if (config) return *config;
  for (const config::Problem& problem : config.error())
    std::fprintf(stderr, "%s\n", problem.text().c_str());
  return nullptr;
}

int fail(const std::string& text) {
  std::fprintf(stderr, "error: %s\n", text.c_str());
  return 1;
}

// Called as `tophosts`, it is `sluice tophosts`.
static std::vector<char*> with_command_name(int argc, char** argv) {
  std::vector<char*> arguments(argv, argv + argc);
  if (argc == 0) return arguments;
  char* slash = std::strrchr(argv[0], '/');
  char* name = slash == nullptr ? argv[0] : slash + 1;
  if (std::ranges::find(kLinkNames, std::string_view(name)) != std::end(kLinkNames))
    arguments.insert(arguments.begin() + 1, name);
  return arguments;
}

}  // namespace sluice::tools

int main(int argc, char** argv) {
  sluice::tools::Options options;
  CLI::App app("Sluice: a mail-security gateway engine", "sluice");
  app.set_version_flag("--version", "sluice 0.1.0");
  app.require_subcommand(1);
  app.fallthrough();
  app.add_option("-c,--config", options.config_path, "configuration file")
      ->envname("SLUICE_CONFIG")
      ->capture_default_str();
  for (auto add :
       {sluice::tools::add_run,        sluice::tools::add_check,       sluice::tools::add_plan,
        sluice::tools::add_defaults,   sluice::tools::add_monitor,     sluice::tools::add_queue,
        sluice::tools::add_rules,      sluice::tools::add_scan,        sluice::tools::add_block,
        sluice::tools::add_session,    sluice::tools::add_log,         sluice::tools::add_hosts,
        sluice::tools::add_certconfig, sluice::tools::add_mta_control, sluice::tools::add_links,
        sluice::tools::add_completion, sluice::tools::add_destconfig,  sluice::tools::add_tlsverify,
        sluice::tools::add_learn,      sluice::tools::add_versions,    sluice::tools::add_tlsrpt})
    add(app, options);
  std::vector<char*> arguments = sluice::tools::with_command_name(argc, argv);
  try {
    app.parse(static_cast<int>(arguments.size()), arguments.data());
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return options.run();
}
