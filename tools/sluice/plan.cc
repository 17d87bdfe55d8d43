// `sluice plan`: what a configuration means on this machine: cores, queues, memory as sums.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <thread>

#include "engine/control/disk_interrupts.h"
#include "engine/control/listener_tls.h"
#include "engine/control/reload.h"
#include "engine/worker/memory_plan.h"
#include "engine/worker/worker.h"
#include "tools/sluice/admin_client.h"
#include "tools/sluice/report.h"

namespace sluice::tools {
namespace {

using nlohmann::json;

std::string mib(std::uint64_t bytes) {
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1024 * 1024));
}

void print_cores(const config::Config& config) {
  fmt::print("Cores ({} on this machine)\n", std::thread::hardware_concurrency());
  for (std::size_t i = 0; i < config.cores.workers.size(); ++i)
    fmt::print("  CPU {:<3} worker {}: polls {} port(s), kernel listeners, queue shard-{}\n",
               config.cores.workers[i], i, config.ports.size(), i);
  for (const unsigned cpu : config.cores.offload)
    fmt::print("  CPU {:<3} offload: TLS handshakes of all workers, {} a second of each excepted\n",
               cpu, config.cores.inline_handshakes);
  fmt::print("  control: {}; idle policy: {}\n",
             config.cores.control.empty()
                 ? "any other CPU"
                 : fmt::format("CPU {}", fmt::join(config.cores.control, ", ")),
             config.cores.idle == config::IdlePolicy::spin ? "spin" : "adaptive");
}

// How packets find their worker: what the running engine found out, or what will decide.
std::string steering_of(const config::Port& port, std::size_t workers,
                        const nlohmann::json& status) {
  if (workers == 1) return "one worker, nothing to steer";
  for (const auto& running : status.value("ports", nlohmann::json::array()))
    if (running.value("name", "") == port.name)
      return running.value("steering", "") + " (the running engine)";
  if (port.device.find(':') == std::string::npos || port.device.starts_with("net_"))
    return "software distributor: a virtual device has no RSS";
  return "RSS with a symmetric key, else rte_flow rules, else the software distributor by the same "
         "hash: the device decides at start, and this command tells while the engine runs";
}

std::vector<std::string> disk_warnings(const config::Config& config) {
  return control::disk_interrupt_warnings(config, control::disk_interrupts(config.queue.directory));
}

void print_queues(const config::Config& config) {
  const std::size_t workers = config.cores.workers.size();
  fmt::print("Ports\n");
  if (config.ports.empty()) fmt::print("  none: kernel sockets only\n");
  const auto status = ask_engine(config.admin.socket, {{"command", "status"}});
  for (const config::Port& port : config.ports) {
    fmt::print("  {}: {}: {} receive and {} transmit queue(s); steering: {}\n", port.name,
               port.device, workers, workers,
               steering_of(port, workers, status ? *status : nlohmann::json::object()));
    if (port.conflict_detection)
      fmt::print(
          "  {}: an address is in use 1 to 7 s after the start: conflict_detection asks first "
          "whether somebody else has it (RFC 5227, RFC 4862)\n",
          port.name);
  }
  fmt::print("Disk\n  {}: up to {} x {} segments of {} = {}\n", config.queue.directory, workers,
             config.queue.segments_max, mib(config.queue.segment_bytes),
             mib(workers * config.queue.segments_max * config.queue.segment_bytes));
  for (const std::string& warning : disk_warnings(config)) fmt::print("  warning: {}\n", warning);
}

// Whom names are asked from, and whether their word on DNSSEC counts: what the running engine has
// found out, or what will decide.
void print_dns(const config::Config& config) {
  const dns::Options dns = control::dns_options(config);
  fmt::print("DNS\n");
  for (const Endpoint& server : dns.servers)
    fmt::print("  {}{}\n", server.text(), config.dns.servers.empty() ? " (/etc/resolv.conf)" : "");
  if (dns.servers.empty()) {
    fmt::print("  no server: no MX, no names of peers\n");
    return;
  }
  const auto status = ask_engine(config.admin.socket, {{"command", "status"}});
  const auto workers =
      status ? status->value("workers", nlohmann::json::array()) : nlohmann::json::array();
  if (!workers.empty())
    fmt::print("  DNSSEC: {} (the running engine)\n", workers.front().value("dns_trust", ""));
  else if (dns.trust_ad)
    fmt::print("  DNSSEC: believed when the probe at start ({}) comes back validated\n",
               config.dns.probe);
  else
    fmt::print("  DNSSEC: {}\n", dns::describe(dns::Trust::none));
}

void print_terms(const std::vector<worker::MemoryTerm>& terms) {
  for (const worker::MemoryTerm& term : terms)
    fmt::print("  {:<20} {:>9} x {:>9} = {:>12}   {}\n", term.name, term.count, term.bytes_each,
               mib(term.bytes()), term.reason);
}

void print_certificates(const worker::Generation& generation) {
  fmt::print("Certificates\n");
  for (std::size_t i = 0; i < generation.certificates.size(); ++i)
    for (const tls::CertificateFacts& facts : generation.certificates[i])
      fmt::print("  {}: {}, {}{}, until {}\n", generation.config->listeners[i].name, facts.subject,
                 facts.key_kind, facts.self_signed ? ", self-signed" : "",
                 control::date_text(facts.not_after));
  const control::CertificateStore store(generation.config->tls.store);
  for (const std::string& warning :
       control::certificate_warnings(generation, SystemClock().wall(), store.newest()))
    fmt::print("  warning: {}\n", warning);
}

json terms_json(const std::vector<worker::MemoryTerm>& terms) {
  json rows = json::array();
  for (const worker::MemoryTerm& term : terms)
    rows.push_back({{"name", term.name},
                    {"count", term.count},
                    {"bytes_each", term.bytes_each},
                    {"bytes", term.bytes()},
                    {"reason", term.reason}});
  return rows;
}

void print_plan_json(const config::Config& config, const worker::Generation& generation,
                     const worker::MemoryPlan& memory) {
  const control::CertificateStore store(config.tls.store);
  const auto status = ask_engine(config.admin.socket, {{"command", "status"}});
  json ports = json::array(), servers = json::array();
  for (const config::Port& port : config.ports)
    ports.push_back({{"name", port.name},
                     {"device", port.device},
                     {"queues", config.cores.workers.size()},
                     {"steering", steering_of(port, config.cores.workers.size(),
                                              status ? *status : json::object())}});
  for (const Endpoint& server : control::dns_options(config).servers)
    servers.push_back(server.text());
  auto warnings = control::certificate_warnings(generation, SystemClock().wall(), store.newest());
  std::ranges::move(disk_warnings(config), std::back_inserter(warnings));
  print_json({{"workers", config.cores.workers},
              {"offload", config.cores.offload},
              {"control", config.cores.control},
              {"ports", ports},
              {"dns_servers", servers},
              {"disk_bytes", config.cores.workers.size() * config.queue.segments_max *
                                 config.queue.segment_bytes},
              {"warnings", warnings},
              {"memory",
               {{"per_worker", terms_json(memory.per_worker)},
                {"shared", terms_json(memory.shared)},
                {"bytes", memory.total_bytes(config.cores.workers.size())}}}});
}

int plan(const Options& options) {
  auto config = load_config(options);
  if (config == nullptr) return 1;
  auto generation = control::load_generation(config);
  if (!generation) return fail(generation.error());
  const scan::Scanner scanner((*generation)->rules, worker::scan_settings(*config), 1);
  const worker::MemoryPlan memory = worker::plan_memory(*config, scanner.message_bytes());
  if (options.as_json) {
    print_plan_json(*config, **generation, memory);
    return 0;
  }
  print_cores(*config);
  print_queues(*config);
  print_dns(*config);
  print_certificates(**generation);
  fmt::print("Memory per worker\n");
  print_terms(memory.per_worker);
  fmt::print("  {:<20} {:>35}\n", "sum", mib(memory.worker_bytes()));
  if (!memory.shared.empty()) {
    fmt::print("Memory shared\n");
    print_terms(memory.shared);
  }
  fmt::print("Memory in all: {}\n", mib(memory.total_bytes(config->cores.workers.size())));
  return 0;
}

}  // namespace

void add_plan(CLI::App& app, Options& options) {
  auto* command = app.add_subcommand("plan", "what a configuration means on this machine");
  command->add_option("file", options.config_path, "configuration file");
  add_json(command, options);
  command->footer("Example: sluice plan tools/demo.toml");
  command->callback([&] { options.run = [&] { return plan(options); }; });
}

}  // namespace sluice::tools
