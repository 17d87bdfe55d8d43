// One ethdev: found by name, configured for the workers, started, described.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "engine/net/dpdk/dpdk.h"
#include "engine/net/dpdk/mbuf_pool.h"

namespace sluice::net {

struct Device {
  std::uint16_t id = 0;
  std::uint16_t mtu = 1500;
  std::uint16_t rx_queues = 0;  // workers beyond this number receive through the exchange
  bool rss = false;             // the device steers flows by its RSS
  bool rules = false;           // it steers them by flow rules; else the software distributor
  std::uint32_t redirection_entries = 0;
  MacAddress mac{};
  PortCapabilities capabilities;
  std::string driver;
  std::string steering;
};

// What the device is found to be able to do, before anything is configured.
std::expected<Device, std::string> find_device(const DpdkPortOptions& options, unsigned workers);
int device_socket(const Device& device);  // NUMA node for its packets
// pools[i] is worker i's.
std::expected<void, std::string> start_device(Device& device, const DpdkPortOptions& options,
                                              const std::vector<MbufPool*>& pools);
void stop_device(const Device& device);
bool link_is_up(const Device& device);
std::string offload_text(const PortCapabilities& capabilities);

}  // namespace sluice::net
