#include "engine/control/reload.h"

#include "engine/config/load.h"
#include "engine/control/client_tls.h"
#include "engine/control/listener_tls.h"
#include "engine/dns/name.h"
#include "engine/dns/resolv_conf.h"
#include "engine/net/dpdk/fib_prefix_table.h"
#include "engine/net/range_prefix_table.h"
#include "engine/worker/worker.h"
#include "scanners/bayes/models.h"

namespace sluice::control {
namespace {

using config::Config;

std::string lines_of(const config::Problems& problems) {
  std::string text;
  for (const config::Problem& problem : problems) {
    if (!text.empty()) text += '\n';
    text += problem.text();
  }
  return text;
}

unsigned first_free_cpu(const Config& config) {
  if (!config.cores.control.empty()) return config.cores.control.front();
  for (unsigned cpu = 0;; ++cpu) {
    bool taken = false;
    for (unsigned worker : config.cores.workers) taken = taken || worker == cpu;
    for (unsigned offload : config.cores.offload) taken = taken || offload == cpu;
    if (!taken) return cpu;
    if (cpu > 1024) return 0;
  }
}

net::FibOptions fib_options(const config::Block& block) {
  return {block.prefixes_max, block.fib_groups};
}

// All but the switch, which deliveries look at.
config::MtaSts restart_part(config::MtaSts sts) {
  sts.enabled = true;
  return sts;
}

// The keys that differ and that only a restart can change.
std::string restart_only_changes(const Config& running, const Config& fresh) {
  std::string keys;
  auto note = [&](bool changed, std::string_view key) {
    if (!changed) return;
    if (!keys.empty()) keys += ", ";
    keys += key;
  };
  note(running.cores.workers != fresh.cores.workers, "cores.workers");
  note(running.cores.idle != fresh.cores.idle, "cores.idle");
  note(running.cores.offload != fresh.cores.offload, "cores.offload");
  note(running.cores.inline_handshakes != fresh.cores.inline_handshakes, "cores.inline_handshakes");
  note(running.memory.handshakes != fresh.memory.handshakes, "memory.handshakes");
  note(running.memory.blocks != fresh.memory.blocks, "memory.blocks");
  note(running.memory.sessions != fresh.memory.sessions, "memory.sessions");
  note(running.memory.connections != fresh.memory.connections, "memory.connections");
  note(running.memory.transactions != fresh.memory.transactions, "memory.transactions");
  note(running.admin.socket != fresh.admin.socket, "admin.socket");
  note(running.memory.hugepages != fresh.memory.hugepages, "memory.hugepages");
  note(running.memory.dpdk_mib != fresh.memory.dpdk_mib, "memory.dpdk_mib");
  note(running.memory.packets_per_port != fresh.memory.packets_per_port, "memory.packets_per_port");
  note(running.cores.control != fresh.cores.control, "cores.control");
  note(running.tcp != fresh.tcp, "tcp");
  note(running.block != fresh.block, "block");
  note(running.queue != fresh.queue, "queue");
  note(running.dns != fresh.dns, "dns");
  note(running.log != fresh.log, "log");
  note(running.spamd != fresh.spamd, "spamd");
  note(running.examination != fresh.examination, "examination");
  note(running.antivirus != fresh.antivirus, "antivirus");
  note(restart_part(running.mta_sts) != restart_part(fresh.mta_sts), "mta_sts");
  note(running.delivery.connections != fresh.delivery.connections, "delivery.connections");
  bool ports = running.ports.size() != fresh.ports.size();
  for (std::size_t i = 0; !ports && i < fresh.ports.size(); ++i) {
    config::Port was = running.ports[i];
    was.line = fresh.ports[i].line;  // it may stand elsewhere in the file
    ports = was != fresh.ports[i];
  }
  note(ports, "port");
  bool binds = running.listeners.size() != fresh.listeners.size();
  for (std::size_t i = 0; !binds && i < fresh.listeners.size(); ++i)
    binds = running.listeners[i].port_name != fresh.listeners[i].port_name ||
            running.listeners[i].address != fresh.listeners[i].address ||
            running.listeners[i].tcp_port != fresh.listeners[i].tcp_port;
  note(binds, "listener.bind");
  return keys;
}

}  // namespace

net::DpdkOptions dpdk_options(const Config& config) {
  net::DpdkOptions options;
  switch (config.memory.hugepages) {
    case config::HugePages::automatic:
      options.hugepages = net::DpdkOptions::HugePages::automatic;
      break;
    case config::HugePages::required:
      options.hugepages = net::DpdkOptions::HugePages::required;
      break;
    case config::HugePages::off: options.hugepages = net::DpdkOptions::HugePages::off; break;
  }
  options.memory_mib = config.memory.dpdk_mib;
  options.main_cpu = first_free_cpu(config);
  options.workers = static_cast<unsigned>(config.cores.workers.size());
  for (const config::Port& port : config.ports)
    options.ports.push_back({port.name, port.device, port.mtu, port.rx_descriptors,
                             port.tx_descriptors, config.memory.packets_per_port, port.capture,
                             port.exception});
  if (config.block.table == config::BlockTable::fib)
    options.table_bytes = 2 * net::FibPrefixTable::bytes_needed(fib_options(config.block));
  return options;
}

dns::Options dns_options(const Config& config) {
  const config::Dns& dns = config.dns;
  dns::Options options{.servers = dns.servers,
                       .trust_ad = dns.trust_ad,
                       .probe = dns::normal_name(dns.probe).value_or(""),
                       .timeout = dns.timeout,
                       .attempts = dns.attempts,
                       .cache_entries = dns.cache_entries,
                       .queries_max = dns.queries_max,
                       .ttl_max = dns.ttl_max,
                       .negative_ttl_max = dns.negative_ttl_max,
                       .failure_ttl = dns.failure_ttl};
  if (!options.servers.empty() || !dns.system) return options;
  dns::SystemServers system = dns::read_resolv_conf("/etc/resolv.conf");
  options.servers = std::move(system.servers);
  options.trust_ad = options.trust_ad || system.trust_ad;
  return options;
}

web::WebThread::Settings web_settings(const Config& config) {
  const config::MtaSts& sts = config.mta_sts;
  return {
      .sts = {.directory = config.queue.directory + "/mta_sts",
              .rules = {sts.max_age_max, sts.refresh, sts.retry, sts.policies_max, sts.memory_max},
              .fetch = {sts.port, sts.timeout, sts.policy_bytes_max, sts.ca_file,
                        sts.private_addresses}},
      .fetches_max = sts.fetches_max};
}

std::expected<BlockSetup, std::string> block_setup(const Config& config) {
  BlockSetup setup{.path = config.queue.directory + "/blocked_sources",
                   .entries_max = config.block.prefixes_max,
                   .tables = {}};
  for (std::size_t i = 0; i < setup.tables.size(); ++i) {
    if (config.block.table == config::BlockTable::fib) {
      auto table =
          net::FibPrefixTable::create("blocked_" + std::to_string(i), fib_options(config.block));
      if (!table) return std::unexpected("block.prefixes_max: " + table.error());
      setup.tables[i] = std::move(*table);
    } else {
      setup.tables[i] = std::make_shared<net::RangePrefixTable>(config.block.prefixes_max);
    }
  }
  return setup;
}

std::expected<std::shared_ptr<const worker::Generation>, std::string> load_generation(
    std::shared_ptr<const Config> config, std::shared_ptr<const tls::TicketKeys> tickets,
    std::shared_ptr<const scan::bayes::Models> models) {
  auto generation = std::make_shared<worker::Generation>();
  generation->config = std::move(config);
  const Config& settings = *generation->config;
  scan::ScanSettings scanning = worker::scan_settings(settings);
  scanning.trained = models != nullptr && models->ready();
  auto rules = scan::RuleSet::load(settings.scan.rules, scanning);
  if (!rules) return std::unexpected(lines_of(rules.error()));
  generation->rules = std::move(*rules);
  generation->models = std::move(models);
  if (auto loaded = load_listener_tls(std::move(tickets), *generation); !loaded)
    return std::unexpected(loaded.error());
  auto contexts = client_tls(settings);
  if (!contexts) return std::unexpected(std::move(contexts.error()));
  generation->client_tls = std::move(*contexts);
  return generation;
}

std::expected<std::shared_ptr<const Config>, std::string> reloadable_config(const Config& running) {
  auto fresh = config::load_file(running.path);
  if (!fresh) return std::unexpected(lines_of(fresh.error()));
  const std::string keys = restart_only_changes(running, **fresh);
  if (!keys.empty())
    return std::unexpected(running.path + ": " + keys +
                           ": changes need a restart; nothing was changed");
  return *fresh;
}

}  // namespace sluice::control
