#include "engine/net/dpdk/exception_device.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <rte_dev.h>
#include <rte_errno.h>

namespace sluice::net {
namespace {

constexpr std::uint32_t kExceptionDescriptors = 256;  // a ring may keep a packet for each

}  // namespace

std::expected<DpdkPortOptions, std::string> make_exception_device(const DpdkPortOptions& port,
                                                                  std::size_t index,
                                                                  const MacAddress& mac,
                                                                  unsigned workers) {
  const std::size_t comma = port.exception.find(',');
  const std::string kind = port.exception.substr(0, comma);
  std::string arguments = comma == std::string::npos ? "" : port.exception.substr(comma + 1) + ",";
  arguments += fmt::format("mac={:02x}", fmt::join(mac, ":"));
  if (kind == "virtio_user")
    arguments += fmt::format(",path=/dev/vhost-net,queues={},queue_size=1024", workers);
  DpdkPortOptions options = port;
  options.name = port.name + " exception";
  // DPDK reads the kind up to the number.
  options.device = fmt::format("net_{}{}", kind, 100 + index);
  options.packets = kExceptionPackets;
  options.rx_descriptors = options.tx_descriptors = kExceptionDescriptors;
  options.capture.clear();
  options.exception.clear();
  const int result = rte_eal_hotplug_add("vdev", options.device.c_str(), arguments.c_str());
  if (result != 0)
    return std::unexpected(fmt::format("port {}: exception {}: the device cannot be made: {}",
                                       port.name, port.exception, rte_strerror(-result)));
  return options;
}

}  // namespace sluice::net
