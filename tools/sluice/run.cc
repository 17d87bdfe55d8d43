#include <cstdio>

#include "engine/control/engine.h"
#include "tools/sluice/command.h"

namespace sluice::tools {
namespace {

int run_engine(const Options& options) {
  auto config = load_config(options);
  if (config == nullptr) return 1;
  auto engine = control::Engine::start(config);
  if (!engine) return fail(engine.error());
  for (const config::Listener& listener : config->listeners) {
    const std::string where = listener.port_name.empty()
                                  ? Endpoint{listener.address, listener.tcp_port}.text()
                                  : listener.port_name + ":" + std::to_string(listener.tcp_port);
    std::printf("listening: %s on %s\n", listener.name.c_str(), where.c_str());
  }
  std::fflush(stdout);
  (*engine)->run();
  return 0;
}

}  // namespace

void add_run(CLI::App& app, Options& options) {
  auto* command = app.add_subcommand("run", "run the engine in the foreground");
  command->footer(
      "Example: sluice run --config /etc/sluice/sluice.toml\n"
      "SIGTERM finishes the sessions and stops; SIGHUP reloads the configuration.");
  command->callback([&] { options.run = [&] { return run_engine(options); }; });
}

}  // namespace sluice::tools
