#include "tools/loadgen/options.h"

#include <sched.h>

#include <CLI/CLI.hpp>
#include <array>

namespace sluice::load {
namespace {

constexpr int kUsageError = 2;
constexpr std::uint32_t kConnectionsMax = 60'000;  // source ports of one address
constexpr std::uint32_t kSizeMax = 256 * 1024 * 1024;

struct RawText {  // what needs more than CLI11's own conversion
  std::string target = "127.0.0.1:2525";
  std::string transport = "kernel";
  std::string address = "192.0.2.20/24";
  std::string gateway;
  double duration_s = 0;
  double time_limit_s = 600;
  double timeout_s = 60;
};

void add_network_options(CLI::App& app, Options& options, RawText& raw) {
  app.add_option("--target", raw.target, "IP:port of the SMTP server")->capture_default_str();
  app.add_option("--transport", raw.transport, "dpdk (the engine's own stack) or kernel (sockets)")
      ->check(CLI::IsMember({"dpdk", "kernel"}))
      ->capture_default_str();
  app.add_option("--device", options.device,
                 "DPDK device, as net_virtio_user0,path=/p/v.sock,queues=1,queue_size=1024");
  app.add_option("--address", raw.address, "own address and prefix on the DPDK device")
      ->capture_default_str();
  app.add_option("--gateway", raw.gateway, "router on the DPDK device");
  app.add_option("--cpu", options.cpu, "pin the generator to this CPU");
  app.add_flag("--i-own-this-network", options.own_network,
               "allow a target outside loopback and the test networks");
}

void add_load_options(CLI::App& app, Options& options, RawText& raw) {
  app.add_option("-c,--connections", options.connections, "connections at once")
      ->check(CLI::Range(1U, kConnectionsMax))
      ->capture_default_str();
  app.add_option("-m,--messages-per-connection", options.messages_per_connection)
      ->check(CLI::Range(1U, 1'000'000'000U))
      ->capture_default_str();
  app.add_option("-n,--messages", options.messages,
                 "messages in all (a corpus without this: each file once)");
  app.add_option("-d,--duration", raw.duration_s, "seconds; no message is started after that");
  app.add_option("--time-limit", raw.time_limit_s, "seconds; gives up after that")
      ->capture_default_str();
  app.add_option("--timeout", raw.timeout_s, "seconds to wait for one reply")
      ->capture_default_str();
  app.add_option("--rate", options.rate, "messages per second; 0 = as fast as replies come")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--chunk", options.chunk,
                 "write at most so many octets per connection and poll (moves segment borders)");
}

void add_message_options(CLI::App& app, Options& options) {
  app.add_option("--corpus", options.corpus, "file or folder of messages; may be repeated")
      ->check(CLI::ExistingPath);
  app.add_option("--size", options.size, "octets of a synthetic message")
      ->check(CLI::Range(1024U, kSizeMax))
      ->capture_default_str();
  app.add_option("--seed", options.seed, "of synthetic messages")->capture_default_str();
  app.add_option("--from", options.from, "reverse path; %n becomes 0 to 999")
      ->capture_default_str();
  app.add_option("--to", options.to, "recipient; %n becomes 0 to 999")->capture_default_str();
  app.add_option("--hostname", options.hostname, "argument of EHLO")->capture_default_str();
}

void add_report_options(CLI::App& app, Options& options) {
  app.add_option("--results", options.results, "write one line of JSON per message to this file");
  app.add_option("--label", options.label, "text to repeat in the JSON report");
  app.add_flag("--json", options.json, "print the report as JSON");
  app.add_flag("-q,--quiet", options.quiet, "no progress bar");
}

[[noreturn]] void usage_error(std::string_view text) {
  std::fprintf(stderr, "error: %.*s\n", static_cast<int>(text.size()), text.data());
  std::exit(kUsageError);
}

Duration from_seconds(double value) { return nanoseconds(static_cast<std::int64_t>(value * 1e9)); }

void interpret(Options& options, const RawText& raw) {
  const auto target = Endpoint::parse(raw.target);
  if (!target) usage_error("--target: '" + raw.target + "' is not IP:port");
  options.target = *target;
  if (!is_test_address(target->address) && !options.own_network)
    usage_error("--target: " + raw.target +
                " is neither loopback nor a test network; if it is yours to load, say "
                "--i-own-this-network");
  options.over_dpdk = raw.transport == "dpdk";
  if (options.over_dpdk && options.device.empty()) usage_error("--transport dpdk needs --device");
  const auto address = Prefix::parse(raw.address);
  if (!address) usage_error("--address: '" + raw.address + "' is not an address with prefix");
  options.address = *address;
  if (!raw.gateway.empty()) {
    options.gateway = IpAddress::parse(raw.gateway);
    if (!options.gateway) usage_error("--gateway: '" + raw.gateway + "' is not an address");
  }
  options.duration = from_seconds(raw.duration_s);
  options.time_limit = from_seconds(raw.time_limit_s);
  options.timeout = from_seconds(raw.timeout_s);
  if (options.messages == 0 && options.duration.ns == 0 && options.corpus.empty())
    options.messages = 1'000;
}

}  // namespace

Options parse_command_line(int argc, char** argv) {
  CLI::App app("Sends mail to an SMTP server as fast as it answers, or at a given rate.");
  Options options;
  RawText raw;
  add_network_options(app, options, raw);
  add_load_options(app, options, raw);
  add_message_options(app, options);
  add_report_options(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error) == 0 ? 0 : kUsageError);
  }
  interpret(options, raw);
  return options;
}

bool is_test_address(const IpAddress& address) {
  static const std::array networks = {
      *Prefix::parse("127.0.0.0/8"),    *Prefix::parse("::1/128"),
      *Prefix::parse("192.0.2.0/24"),   *Prefix::parse("198.51.100.0/24"),
      *Prefix::parse("203.0.113.0/24"), *Prefix::parse("198.18.0.0/15"),
      *Prefix::parse("2001:db8::/32")};
  for (const Prefix& network : networks)
    if (network.contains(address)) return true;
  return false;
}

bool pin_to_cpu(unsigned cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  return ::sched_setaffinity(0, sizeof set, &set) == 0;
}

}  // namespace sluice::load
