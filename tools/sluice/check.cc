#include <cstdio>

#include "engine/config/load.h"
#include "engine/control/listener_tls.h"
#include "engine/control/reload.h"
#include "tools/sluice/report.h"

namespace sluice::tools {
namespace {

using nlohmann::json;

int problems(const Options& options, const std::vector<std::string>& found) {
  if (options.as_json) print_json({{"file", options.config_path}, {"problems", found}});
  for (const std::string& problem : found)
    if (!options.as_json) std::fprintf(stderr, "%s\n", problem.c_str());
  return 1;
}

int check(const Options& options) {
  const auto config = config::load_file(options.config_path);
  if (!config) {
    std::vector<std::string> found;
    for (const config::Problem& problem : config.error()) found.push_back(problem.text());
    return problems(options, found);
  }
  const auto generation = control::load_generation(*config);
  if (!generation) return problems(options, {generation.error()});
  const control::CertificateStore store((*config)->tls.store);
  const auto warnings =
      control::certificate_warnings(**generation, SystemClock().wall(), store.newest());
  const auto& rules = *(*generation)->rules;
  if (options.as_json) {
    print_json({{"file", options.config_path},
                {"problems", json::array()},
                {"warnings", warnings},
                {"notes", rules.notes()},
                {"listeners", (*config)->listeners.size()},
                {"routes", (*config)->routes.size()},
                {"rules", rules.size()}});
    return 0;
  }
  for (const std::string& warning : warnings) std::printf("warning: %s\n", warning.c_str());
  for (const std::string& note : rules.notes()) std::printf("%s\n", note.c_str());
  std::printf("%s: no problems; %zu listeners, %zu routes, %zu rules\n",
              options.config_path.c_str(), (*config)->listeners.size(), (*config)->routes.size(),
              rules.size());
  return 0;
}

}  // namespace

void add_check(CLI::App& app, Options& options) {
  auto* command = app.add_subcommand("check", "read a configuration and name every problem in it");
  command->add_option("file", options.config_path, "configuration file");
  add_json(command, options);
  command->footer("Example: sluice check tools/demo.toml");
  command->callback([&] { options.run = [&] { return check(options); }; });
}

}  // namespace sluice::tools
