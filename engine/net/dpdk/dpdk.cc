#include "engine/net/dpdk/dpdk.h"

#include <fmt/format.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>

#include "engine/base/contract.h"
#include "engine/net/dpdk/capture.h"
#include "engine/net/dpdk/device.h"
#include "engine/net/dpdk/dpdk_port.h"
#include "engine/net/dpdk/eal.h"
#include "engine/net/dpdk/exception_device.h"
#include "engine/net/dpdk/vhost_socket.h"

namespace sluice::net {
namespace {

// Everything that belongs to one [[port]]. The order of the members is the order of life.
struct PortSet {
  DpdkPortOptions options;
  Device device;
  std::vector<std::unique_ptr<MbufPool>> pools;  // [worker]
  std::unique_ptr<Exchange> exchange;
  std::unique_ptr<Capture> capture;
  std::vector<std::unique_ptr<DpdkPort>> queue_pairs;  // [worker]
  bool started = false;
  std::unique_ptr<PortSet> exception;  // the device to the kernel, if there is one
};

class DpdkProcess final : public Dpdk {
 public:
  explicit DpdkProcess(bool hugepages) : hugepages_(hugepages) {}
  ~DpdkProcess() override {
    stop();
    ports_.clear();
    rte_eal_cleanup();
  }

  std::expected<void, std::string> open(const DpdkPortOptions& options, unsigned workers);

  std::size_t stop() override;
  void enter_worker(unsigned worker) override;
  void leave_worker(unsigned worker) override;

  Port& port(std::size_t index, unsigned worker) override {
    return *ports_.at(index)->queue_pairs.at(worker);
  }
  Port* exception_port(std::size_t index, unsigned worker) override {
    const auto& exception = ports_.at(index)->exception;
    return exception == nullptr ? nullptr : exception->queue_pairs.at(worker).get();
  }
  std::vector<DpdkPortFacts> facts() const override;
  DpdkCounters counters(std::size_t index, unsigned worker) const override {
    return ports_.at(index)->queue_pairs.at(worker)->counters();
  }
  std::uint64_t capture_dropped(std::size_t index) const override {
    const auto& capture = ports_.at(index)->capture;
    return capture == nullptr ? 0 : capture->dropped();
  }
  bool uses_hugepages() const noexcept override { return hugepages_; }

 private:
  bool hugepages_;
  bool stopped_ = false;
  std::vector<std::unique_ptr<PortSet>> ports_;
};

std::expected<void, std::string> make_pools(PortSet& set, unsigned workers) {
  for (unsigned worker = 0; worker < workers; ++worker) {
    auto pool = MbufPool::create(fmt::format("pool_{}_{}", set.device.id, worker),
                                 set.options.packets, device_socket(set.device));
    if (!pool) return std::unexpected(fmt::format("port {}: {}", set.options.name, pool.error()));
    set.pools.push_back(std::move(*pool));
  }
  return {};
}

std::expected<void, std::string> make_queue_pairs(PortSet& set, std::uint16_t index,
                                                  unsigned workers) {
  set.exchange = std::make_unique<Exchange>(
      workers, set.device.rss ? set.device.redirection_entries : kRedirectionEntries);
  if (!set.options.capture.empty()) {
    auto capture = Capture::open(set.options.capture, set.options.name, workers);
    if (!capture)
      return std::unexpected(fmt::format("port {}: {}", set.options.name, capture.error()));
    set.capture = std::move(*capture);
  }
  for (unsigned worker = 0; worker < workers; ++worker)
    set.queue_pairs.push_back(std::make_unique<DpdkPort>(
        set.device, index, worker, *set.pools[worker], *set.exchange, set.capture.get()));
  return {};
}

std::expected<void, std::string> open_set(PortSet& set, const DpdkPortOptions& options,
                                          std::uint16_t index, unsigned workers) {
  auto device = find_device(options, workers);
  if (!device) return std::unexpected(device.error());
  set.options = options;
  set.device = *device;
  if (auto made = make_pools(set, workers); !made) return made;
  std::vector<MbufPool*> pools;
  for (const auto& pool : set.pools) pools.push_back(pool.get());
  if (auto started = start_device(set.device, options, pools); !started) return started;
  set.started = true;
  return make_queue_pairs(set, index, workers);
}

// Returns the packets that are not back in their pools.
std::size_t release_set(PortSet& set) {
  remove_vhost_socket(set.options.device);
  set.capture.reset();
  if (set.exchange != nullptr) set.exchange->drain();
  std::size_t missing = 0;
  for (const auto& pool : set.pools) missing += pool->missing();
  return missing;
}

std::expected<void, std::string> DpdkProcess::open(const DpdkPortOptions& options,
                                                   unsigned workers) {
  const std::size_t index = ports_.size();
  const auto number = static_cast<std::uint16_t>(index);
  PortSet& set = *ports_.emplace_back(std::make_unique<PortSet>());
  if (auto opened = open_set(set, options, number, workers); !opened) return opened;
  if (options.exception.empty()) return {};
  const auto exception = make_exception_device(options, index, set.device.mac, workers);
  if (!exception) return std::unexpected(exception.error());
  set.exception = std::make_unique<PortSet>();
  return open_set(*set.exception, *exception, number, workers);
}

// Both devices of a port stop before the packets are counted: each may hold some of the other's.
std::size_t DpdkProcess::stop() {
  if (stopped_) return 0;
  stopped_ = true;
  for (auto& set : ports_)
    for (PortSet* one : {set.get(), set->exception.get()})
      if (one != nullptr && one->started) stop_device(one->device);
  std::size_t missing = 0;
  for (auto& set : ports_)
    for (PortSet* one : {set.get(), set->exception.get()})
      if (one != nullptr) missing += release_set(*one);
  return missing;
}

void DpdkProcess::enter_worker(unsigned) {
  // Own threads, not lcores of the EAL: registration gives them their caches in the packet pools.
  const int result = rte_thread_register();
  SLUICE_ASSERT(result == 0);
}

void DpdkProcess::leave_worker(unsigned) { rte_thread_unregister(); }

std::vector<DpdkPortFacts> DpdkProcess::facts() const {
  std::vector<DpdkPortFacts> all;
  for (const auto& set : ports_)
    all.push_back({.name = set->options.name,
                   .driver = set->device.driver,
                   .steering = set->device.steering,
                   .offloads = offload_text(set->device.capabilities),
                   .link_up = link_is_up(set->device)});
  return all;
}

}  // namespace

std::expected<std::unique_ptr<Dpdk>, std::string> Dpdk::start(const DpdkOptions& options) {
  SLUICE_ASSERT(options.workers > 0);
  const auto hugepages = choose_hugepages(options);
  if (!hugepages) return std::unexpected(hugepages.error());
  for (const DpdkPortOptions& port : options.ports)
    if (auto free = free_vhost_socket(port.device); !free)
      return std::unexpected(fmt::format("port {}: {}", port.name, free.error()));
  EalMessages messages;
  if (auto started = start_eal(eal_arguments(options, *hugepages), options.main_cpu, messages);
      !started)
    return std::unexpected(started.error());
  auto process = std::make_unique<DpdkProcess>(*hugepages);
  for (const DpdkPortOptions& port : options.ports) {
    if (auto opened = process->open(port, options.workers); !opened) {
      const std::string said = messages.text();
      return std::unexpected(opened.error() + (said.empty() ? "" : " (DPDK: " + said + ")"));
    }
  }
  return process;
}

}  // namespace sluice::net
