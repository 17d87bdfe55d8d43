#include <cstdio>

#include "engine/config/load.h"
#include "tools/sluice/command.h"

namespace sluice::tools {

void add_defaults(CLI::App& app, Options& options) {
  auto* command =
      app.add_subcommand("defaults", "every key of the configuration: default, range, meaning");
  command->footer("Example: sluice defaults > reference.toml");
  command->callback([&] {
    options.run = [] {
      std::fputs(config::describe_defaults().c_str(), stdout);
      return 0;
    };
  });
}

}  // namespace sluice::tools
