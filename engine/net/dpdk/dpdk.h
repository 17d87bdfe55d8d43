// DPDK as the engine uses it: one EAL per process, ports by PCI address or virtual device
// arguments, one RX and one TX queue per worker and port, packets steered to the worker that owns
// the flow (RSS of the device, or a software distributor with the same Toeplitz hash). No rte_ type
// leaves this folder.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/net/port.h"

namespace sluice::net {

struct DpdkPortOptions {
  std::string name;
  std::string device;  // "0000:3b:00.0", "net_tap0,iface=sluice0", "net_vhost0,iface=/p/v.sock"
  std::uint16_t mtu = 1500;
  std::uint32_t rx_descriptors = 1024;
  std::uint32_t tx_descriptors = 1024;
  std::uint32_t packets = 16'383;  // per worker
  std::string capture;             // pcapng file; empty = none
  std::string exception;           // "tap,iface=mgmt0": see exception_device.h; empty = none
};

struct DpdkOptions {
  enum class HugePages : std::uint8_t { automatic, required, off } hugepages = HugePages::automatic;
  std::uint32_t memory_mib = 256;  // without hugepages
  std::uint64_t table_bytes = 0;   // of DPDK memory wanted besides that of the ports
  unsigned main_cpu = 0;           // of the EAL's main lcore, which only sleeps
  unsigned workers = 1;
  std::vector<DpdkPortOptions> ports;
};

struct DpdkPortFacts {  // for `sluice plan` and the start-up log
  std::string name;
  std::string driver;
  std::string steering;  // "rss: …", "rte_flow: …", "distributor: …", with the reason; "one worker"
  std::string offloads;
  bool link_up = false;
};

struct DpdkCounters {                           // of one queue pair, since the start
  std::uint64_t received = 0, transmitted = 0;  // frames
  std::uint64_t given = 0;                      // to the worker that owns the flow
  std::uint64_t dropped_exchange_full = 0;      // the owning worker did not keep up
  std::uint64_t dropped_segmented = 0;          // frame larger than a packet buffer
  std::uint64_t dropped_no_packet = 0;          // no packet for a copy
  std::uint64_t dropped_refused = 0;            // the driver refuses the frame to be sent
};

class Dpdk {
 public:
  // Once per process. The text says which port or memory setting failed and what would work.
  static std::expected<std::unique_ptr<Dpdk>, std::string> start(const DpdkOptions& options);
  virtual ~Dpdk() = default;  // stop(), and the end of the EAL

  // Stops and closes the ports after the workers have left. Returns the packets that are not back
  // in their pools: 0 unless somebody leaks.
  virtual std::size_t stop() = 0;

  // To be called first on each worker's own (pinned) thread, and last before it ends.
  virtual void enter_worker(unsigned worker) = 0;
  virtual void leave_worker(unsigned worker) = 0;

  // The queue pair of one worker, until stop(). To be used on that worker's thread only.
  virtual Port& port(std::size_t index, unsigned worker) = 0;
  // Of the device to the kernel that this port has; nullptr without one.
  virtual Port* exception_port(std::size_t index, unsigned worker) = 0;
  virtual std::vector<DpdkPortFacts> facts() const = 0;
  virtual DpdkCounters counters(std::size_t index, unsigned worker) const = 0;  // any thread
  virtual std::uint64_t capture_dropped(std::size_t index) const = 0;           // frames
  virtual bool uses_hugepages() const noexcept = 0;
};

}  // namespace sluice::net
