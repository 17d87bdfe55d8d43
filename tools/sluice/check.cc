#include <cstdio>

#include "engine/control/listener_tls.h"
#include "engine/control/reload.h"
#include "tools/sluice/command.h"

namespace sluice::tools {

void add_check(CLI::App& app, Options& options) {
  auto* command = app.add_subcommand("check", "read a configuration and name every problem in it");
  command->add_option("file", options.config_path, "configuration file");
  command->footer("Example: sluice check tools/demo.toml");
  command->callback([&] {
    options.run = [&] {
      auto config = load_config(options);
      if (config == nullptr) return 1;
      auto generation = control::load_generation(config);
      if (!generation) {
        std::fprintf(stderr, "%s\n", generation.error().c_str());
        return 1;
      }
      const control::CertificateStore store(config->tls.store);
      for (const std::string& warning :
           control::certificate_warnings(**generation, SystemClock().wall(), store.newest()))
        std::printf("warning: %s\n", warning.c_str());
      for (const std::string& note : (*generation)->rules->notes())
        std::printf("%s\n", note.c_str());
      std::printf("%s: no problems; %zu listeners, %zu routes, %zu rules\n",
                  options.config_path.c_str(), config->listeners.size(), config->routes.size(),
                  (*generation)->rules->size());
      return 0;
    };
  });
}

}  // namespace sluice::tools
