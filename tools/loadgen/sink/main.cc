// sink: an SMTP server that accepts everything, as the next hop of tests and benchmarks.
#include <sched.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "engine/net/kernel/kernel_transport.h"
#include "tools/loadgen/options.h"
#include "tools/loadgen/sink/sink.h"
#include "tools/loadgen/sink/store.h"

namespace {

using namespace sluice;

constexpr int kFailed = 1;
constexpr int kUsageError = 2;

volatile bool stop_requested = false;

int fail(int status, const std::string& text) {
  std::fprintf(stderr, "error: %s\n", text.c_str());
  return status;
}

struct CommandLine {
  std::string listen = "127.0.0.1:2526";
  double delay_ms = 0;
  double time_limit_s = 3'600;
  std::optional<unsigned> cpu;
  bool json = false;
  load::SinkOptions sink;
};

void add_options(CLI::App& app, CommandLine& line) {
  load::SinkOptions& sink = line.sink;
  app.add_option("--listen", line.listen, "IP:port")->capture_default_str();
  app.add_option("--directory", sink.directory, "keep each message in a file there");
  app.add_option("--connections", sink.connections, "at once")->capture_default_str();
  app.add_option("--delay", line.delay_ms, "milliseconds before the reply to each message");
  app.add_option("--defer-every", sink.defer_every, "each Nth message gets 451");
  app.add_option("--refuse-every", sink.refuse_every, "each Nth message gets 550");
  app.add_option("--disconnect-every", sink.disconnect_every,
                 "each Nth message gets a closed connection for a reply");
  app.add_option("--defer-recipient", sink.defer_recipient, "451 for addresses with this text");
  app.add_option("--refuse-recipient", sink.refuse_recipient, "550 for addresses with this text");
  app.add_option("-n,--messages", sink.messages, "stop after so many");
  app.add_option("--time-limit", line.time_limit_s, "stop after so many seconds")
      ->capture_default_str();
  app.add_option("--cpu", line.cpu, "pin to this CPU");
  app.add_flag("--json", line.json, "print the counts as JSON");
}

void print_counts(const load::SinkCounts& counts, bool json) {
  const nlohmann::json out = {{"connections", counts.connections},
                              {"messages", counts.messages},
                              {"accepted", counts.accepted},
                              {"octets", counts.octets}};
  if (json)
    std::printf("%s\n", out.dump().c_str());
  else
    std::printf("%llu messages (%llu accepted, %llu octets) over %llu connections\n",
                static_cast<unsigned long long>(counts.messages),
                static_cast<unsigned long long>(counts.accepted),
                static_cast<unsigned long long>(counts.octets),
                static_cast<unsigned long long>(counts.connections));
}

int serve(const CommandLine& line) {
  load::Store store;
  if (auto opened = store.open(line.sink.directory); !opened)
    return fail(kFailed, "--directory: " + opened.error());
  const auto transport =
      net::make_kernel_transport({.connections_max = line.sink.connections});
  if (auto listening = transport->listen(line.sink.listen, 1); !listening)
    return fail(kFailed, "cannot listen on " + line.listen + ": " +
                             net::describe(listening.error()));
  SystemClock clock;
  load::Sink sink(line.sink, *transport, clock, store);
  std::fprintf(stderr, "sink: listening on %s\n", line.listen.c_str());
  sink.run(stop_requested);
  print_counts(sink.counts(), line.json);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Accepts mail over SMTP and throws it away, or keeps it in files.");
  CommandLine line;
  add_options(app, line);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsageError;
  }
  const auto endpoint = Endpoint::parse(line.listen);
  if (!endpoint) return fail(kUsageError, "--listen: '" + line.listen + "' is not IP:port");
  line.sink.listen = *endpoint;
  line.sink.delay = microseconds(static_cast<std::int64_t>(line.delay_ms * 1e3));
  line.sink.time_limit = milliseconds(static_cast<std::int64_t>(line.time_limit_s * 1e3));
  if (line.cpu && !load::pin_to_cpu(*line.cpu)) return fail(kUsageError, "--cpu: no such CPU");
  struct sigaction action {};
  action.sa_handler = [](int) { stop_requested = true; };
  ::sigaction(SIGTERM, &action, nullptr);
  ::sigaction(SIGINT, &action, nullptr);
  return serve(line);
}
