#include <cstdio>

#include "engine/config/load.h"
#include "tools/sluice/report.h"

namespace sluice::tools {
namespace {

int defaults(const Options& options) {
  if (!options.as_json) {
    std::fputs(config::describe_defaults().c_str(), stdout);
    return 0;
  }
  auto rows = nlohmann::json::array();
  for (const config::KeyFacts& key : config::all_keys())
    rows.push_back({{"table", key.table},
                    {"key", key.name},
                    {"required", key.required},
                    {"default", key.shown},
                    {"allowed", key.allowed},
                    {"meaning", key.meaning}});
  print_json({{"keys", rows}});
  return 0;
}

}  // namespace

void add_defaults(CLI::App& app, Options& options) {
  auto* command =
      app.add_subcommand("defaults", "every key of the configuration: default, range, meaning");
  add_json(command, options);
  command->footer("Example: sluice defaults > reference.toml");
  command->callback([&] { options.run = [&] { return defaults(options); }; });
}

}  // namespace sluice::tools
