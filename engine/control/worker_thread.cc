#include "engine/control/worker_thread.h"

#include <pthread.h>
#include <sched.h>
#include <sys/random.h>
#include <unistd.h>

#include "engine/control/pin.h"
#include "engine/control/reload.h"
#include "engine/net/kernel/kernel_transport.h"
#include "engine/net/stack.h"
#include "engine/worker/idle.h"
#include "queueing/file_device.h"

namespace sluice::control {
namespace {

// Where threads that help a worker run: the control CPUs, else all of the process but those that
// serve one thread only.
std::vector<unsigned> helper_cpus(const config::Cores& cores) {
  if (!cores.control.empty()) return cores.control;
  cpu_set_t allowed;
  if (sched_getaffinity(getpid(), sizeof allowed, &allowed) != 0) return {};
  for (const unsigned cpu : cores.workers) CPU_CLR(cpu, &allowed);
  for (const unsigned cpu : cores.offload) CPU_CLR(cpu, &allowed);
  std::vector<unsigned> cpus;
  for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &allowed)) cpus.push_back(cpu);
  return cpus;
}

net::SynCookies syn_cookies(config::SynCookies choice) {
  switch (choice) {
    case config::SynCookies::off: return net::SynCookies::off;
    case config::SynCookies::on: return net::SynCookies::on;
    case config::SynCookies::automatic: break;
  }
  return net::SynCookies::automatic;
}

net::CongestionControl congestion_control(config::CongestionControl choice) {
  switch (choice) {
    case config::CongestionControl::reno: return net::CongestionControl::reno;
    case config::CongestionControl::bbr: return net::CongestionControl::bbr;
    case config::CongestionControl::cubic: break;
  }
  return net::CongestionControl::cubic;
}

net::StackOptions stack_options(const config::Config& config, const config::Port& port,
                                net::SynFilter& syn_filter) {
  net::StackOptions options;
  options.addresses = port.addresses;
  options.gateways = port.gateways;
  for (const config::PortRoute& route : port.routes)
    options.routes.push_back({route.prefix, route.via});
  options.vlan = port.vlan;
  options.router_advertisements = port.router_advertisements;
  options.detect_conflicts = port.conflict_detection;
  SLUICE_ASSERT(getrandom(&options.seed, sizeof options.seed, 0) == sizeof options.seed);
  options.connections_max = config.memory.connections;
  options.receive_window = config.tcp.receive_window;
  options.send_buffer = config.tcp.send_buffer;
  options.syn_backlog = config.tcp.syn_backlog;
  options.listen_backlog = config.tcp.listen_backlog;
  options.syn_cookies = syn_cookies(config.tcp.syn_cookies);
  options.congestion_control = congestion_control(config.tcp.congestion_control);
  options.ecn = config.tcp.ecn;
  options.no_delay = config.tcp.no_delay;
  options.keep_alive = config.tcp.keep_alive;
  options.rto_initial = config.tcp.rto_initial;
  options.rto_min = config.tcp.rto_min;
  options.delayed_ack = config.tcp.delayed_ack;
  options.time_wait = config.tcp.time_wait;
  options.user_timeout = config.tcp.user_timeout;
  options.syn_retries = config.tcp.syn_retries;
  options.initial_window = config.tcp.initial_window;
  options.syn_filter = &syn_filter;
  return options;
}

std::vector<worker::NamedTransport> make_transports(const WorkerStart& start,
                                                    net::SynFilter& syn_filter) {
  std::vector<worker::NamedTransport> transports;
  for (std::size_t i = 0; i < start.generation->config->ports.size(); ++i) {
    const config::Port& port = start.generation->config->ports[i];
    transports.push_back(
        {port.name, net::make_stack(stack_options(*start.generation->config, port, syn_filter),
                                    start.dpdk->port(i, start.index), start.clock->now(),
                                    start.dpdk->exception_port(i, start.index))});
  }
  net::KernelOptions kernel;
  kernel.connections_max = start.generation->config->memory.connections;
  kernel.send_buffer = start.generation->config->tcp.send_buffer;
  transports.push_back({"", net::make_kernel_transport(kernel)});
  return transports;
}

std::expected<std::unique_ptr<worker::Worker>, std::string> make_worker(WorkerStart& start,
                                                                        WorkerThread& self) {
  worker::WorkerSetup setup;
  setup.index = start.index;
  setup.count = static_cast<unsigned>(start.generation->config->cores.workers.size());
  setup.generation = start.generation;
  setup.directives = start.directives;
  setup.disk_used = start.disk_used;
  setup.clock = start.clock;
  setup.events = &self.events;
  setup.counters = &self.counters;
  setup.ledger = &self.ledger;
  setup.block_filter = std::make_unique<worker::BlockFilter>(
      std::move(start.block_table), start.generation->config->block.prefixes_max);
  setup.transports = make_transports(start, *setup.block_filter);
  setup.dns = dns_options(*start.generation->config);
  setup.datagrams = net::make_kernel_datagrams(setup.dns.queries_max);
  SLUICE_ASSERT(getrandom(&setup.dns_seed, sizeof setup.dns_seed, 0) == sizeof setup.dns_seed);
  setup.device = queueing::make_file_device(start.generation->config->queue.io_uring,
                                            helper_cpus(start.generation->config->cores));
  setup.evidence =
      start.generation->config->queue.directory + "/shard-" + std::to_string(start.index);
  setup.connection_id_base = start.connection_id_base;
  setup.handshakes = self.handshakes.get();
  setup.examinations = self.examinations.get();
  setup.policies = self.policies;
  setup.lessons = self.lessons;
  SLUICE_ASSERT(getrandom(&setup.seed, sizeof setup.seed, 0) == sizeof setup.seed);
  return worker::Worker::create(std::move(setup));
}

void loop(worker::Worker& worker, WorkerThread& self, const WorkerStart& start) {
  worker::Idle idle(start.generation->config->cores.idle, worker, self.wake_descriptor);
  std::uint64_t rounds = 0;
  while (!self.stop.load(std::memory_order_relaxed)) {
    const Instant now = start.clock->now();
    self.rounds.store(++rounds, std::memory_order_relaxed);
    if (worker.tick(now) > 0) {
      idle.worked();
    } else {
      idle.wait(worker, now);
    }
  }
}

}  // namespace

void run_worker_thread(WorkerStart start, WorkerThread& self, std::promise<std::string> ready) {
  if (std::string problem =
          pin_to(start.generation->config->cores.workers[start.index], "cores.workers");
      !problem.empty()) {
    ready.set_value(problem);
    return;
  }
  pthread_setname_np(pthread_self(), ("worker-" + std::to_string(start.index)).c_str());
  if (start.dpdk != nullptr) start.dpdk->enter_worker(start.index);
  {
    auto worker = make_worker(start, self);
    if (worker) {
      self.worker = worker->get();
      self.running.store(true, std::memory_order_release);
      ready.set_value({});
      loop(**worker, self, start);
      self.running.store(false, std::memory_order_release);
    } else {
      ready.set_value(worker.error());
    }
  }
  if (start.dpdk != nullptr) start.dpdk->leave_worker(start.index);
}

void wake(WorkerThread& worker) noexcept {
  const std::uint64_t one = 1;
  if (worker.wake_descriptor >= 0) (void)!write(worker.wake_descriptor, &one, sizeof one);
}

}  // namespace sluice::control
