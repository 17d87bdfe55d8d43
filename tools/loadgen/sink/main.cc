// sink: an SMTP server that accepts everything, as the next hop of tests and benchmarks.
#include <sched.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "engine/net/dpdk/dpdk.h"
#include "engine/net/kernel/kernel_transport.h"
#include "engine/net/stack.h"
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
  std::string device;
  std::string address = "192.0.2.10/24";
  double delay_ms = 0;
  double time_limit_s = 3'600;
  std::optional<unsigned> cpu;
  bool json = false;
  load::SinkOptions sink;
};

void add_options(CLI::App& app, CommandLine& line) {
  load::SinkOptions& sink = line.sink;
  app.add_option("--listen", line.listen, "IP:port")->capture_default_str();
  app.add_option("--device", line.device,
                 "listen on this DPDK device (net_vhost0,iface=/p/v.sock), not on kernel sockets");
  app.add_option("--address", line.address, "own address and prefix on the DPDK device")
      ->capture_default_str();
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

std::expected<void, std::string> serve_on(net::Transport& transport, const CommandLine& line) {
  load::Store store;
  if (auto opened = store.open(line.sink.directory); !opened)
    return std::unexpected("--directory: " + opened.error());
  if (auto listening = transport.listen(line.sink.listen, 1); !listening)
    return std::unexpected("cannot listen on " + line.listen + ": " +
                           net::describe(listening.error()));
  SystemClock clock;
  load::Sink sink(line.sink, transport, clock, store);
  std::fprintf(stderr, "sink: listening on %s\n", line.listen.c_str());
  sink.run(stop_requested);
  print_counts(sink.counts(), line.json);
  return {};
}

std::expected<void, std::string> serve_on_device(const CommandLine& line) {
  const auto address = Prefix::parse(line.address);
  if (!address) return std::unexpected("--address: '" + line.address + "' has no prefix");
  net::DpdkOptions options;
  options.main_cpu = line.cpu.value_or(0);
  options.ports = {{.name = "sink", .device = line.device, .capture = {}}};
  auto dpdk = net::Dpdk::start(options);
  if (!dpdk) return std::unexpected(dpdk.error());
  if (line.cpu) load::pin_to_cpu(*line.cpu);  // the EAL pins the thread that starts it
  (*dpdk)->enter_worker(0);
  std::expected<void, std::string> result;
  {
    SystemClock clock;
    const auto stack = net::make_stack({.addresses = {*address}, .gateways = {}, .seed = 1},
                                       (*dpdk)->port(0, 0), clock.now());
    result = serve_on(*stack, line);
  }
  (*dpdk)->leave_worker(0);
  return result;
}

int serve(const CommandLine& line) {
  std::expected<void, std::string> result;
  if (line.device.empty()) {
    const auto transport = net::make_kernel_transport({.connections_max = line.sink.connections});
    result = serve_on(*transport, line);
  } else {
    result = serve_on_device(line);
  }
  return result ? 0 : fail(kFailed, result.error());
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
