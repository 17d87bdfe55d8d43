#include "engine/net/dpdk/device.h"

#include <fmt/format.h>
#include <rte_ethdev.h>

#include <algorithm>

#include "engine/net/dpdk/eal.h"
#include "engine/net/dpdk/flow_hash.h"
#include "engine/net/dpdk/flow_rules.h"

namespace sluice::net {
namespace {

constexpr std::uint64_t kRssWanted = RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_FRAG_IPV4 |
                                     RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_IPV6 |
                                     RTE_ETH_RSS_NONFRAG_IPV6_TCP;
constexpr std::uint64_t kRssNeeded = RTE_ETH_RSS_NONFRAG_IPV4_TCP;
constexpr std::uint64_t kTxWanted =
    RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_TCP_CKSUM | RTE_ETH_TX_OFFLOAD_UDP_CKSUM;
constexpr std::uint64_t kRxWanted =
    RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_TCP_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM;
constexpr std::uint32_t kRedirectionMax = RTE_ETH_RSS_RETA_SIZE_512;
constexpr std::uint32_t kFrameOverhead = 14 + 4;  // Ethernet header and one VLAN tag

using Problem = std::unexpected<std::string>;

Problem refuse(const DpdkPortOptions& options, const char* step, int error) {
  return Problem(fmt::format("port {}: {} ({}): {}", options.name, step, options.device,
                             rte_strerror(-error)));
}

// Virtual devices claim RSS that they do not perform (net_null) or cannot set up (net_tap), so only
// a NIC is believed.
bool can_steer(const DpdkPortOptions& options, const rte_eth_dev_info& info) {
  const std::uint32_t entries = info.reta_size;
  return is_pci_address(options.device) &&
         (info.flow_type_rss_offloads & kRssNeeded) == kRssNeeded && entries > 0 &&
         entries <= kRedirectionMax && (entries & (entries - 1)) == 0 && info.hash_key_size > 0 &&
         info.hash_key_size <= kSymmetricKeyBytes;
}

std::string steering_text(const Device& device, const DpdkPortOptions& options, unsigned workers) {
  if (workers == 1) return "one worker";
  if (device.rss) return "rss: symmetric key in the device";
  if (device.rules) return "rte_flow: the device has no RSS, but takes rules";
  return is_pci_address(options.device)
             ? "distributor: the device has no RSS and takes no flow rules"
             : "distributor: a virtual device has no RSS";
}

int configure(const Device& device, const rte_eth_dev_info& info, std::uint16_t workers) {
  rte_eth_conf config{};
  config.rxmode.mtu = device.mtu;
  config.rxmode.offloads = info.rx_offload_capa & kRxWanted;
  config.txmode.offloads = info.tx_offload_capa & kTxWanted;
  auto key = kSymmetricKey;
  if (device.rss && workers > 1) {
    config.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
    config.rx_adv_conf.rss_conf.rss_key = key.data();
    config.rx_adv_conf.rss_conf.rss_key_len = info.hash_key_size;
    config.rx_adv_conf.rss_conf.rss_hf = info.flow_type_rss_offloads & kRssWanted;
  }
  return rte_eth_dev_configure(device.id, device.rx_queues, workers, &config);
}

int set_up_queues(const Device& device, const DpdkPortOptions& options,
                  const std::vector<MbufPool*>& pools) {
  auto rx_count = static_cast<std::uint16_t>(std::min(options.rx_descriptors, 32'768u));
  auto tx_count = static_cast<std::uint16_t>(std::min(options.tx_descriptors, 32'768u));
  const unsigned socket = static_cast<unsigned>(device_socket(device));
  int result = rte_eth_dev_adjust_nb_rx_tx_desc(device.id, &rx_count, &tx_count);
  for (std::uint16_t queue = 0; queue < device.rx_queues && result == 0; ++queue)
    result = rte_eth_rx_queue_setup(device.id, queue, rx_count, socket, nullptr,
                                    pools[queue]->mempool());
  for (std::uint16_t queue = 0; queue < pools.size() && result == 0; ++queue)
    result = rte_eth_tx_queue_setup(device.id, queue, tx_count, socket, nullptr);
  return result;
}

int fill_redirection_table(const Device& device, std::uint16_t workers) {
  rte_eth_rss_reta_entry64 table[kRedirectionMax / RTE_ETH_RETA_GROUP_SIZE]{};
  for (std::uint32_t i = 0; i < device.redirection_entries; ++i) {
    rte_eth_rss_reta_entry64& group = table[i / RTE_ETH_RETA_GROUP_SIZE];
    group.mask = UINT64_MAX;
    group.reta[i % RTE_ETH_RETA_GROUP_SIZE] = static_cast<std::uint16_t>(i % workers);
  }
  return rte_eth_dev_rss_reta_update(device.id, table,
                                     static_cast<std::uint16_t>(device.redirection_entries));
}

}  // namespace

std::expected<Device, std::string> find_device(const DpdkPortOptions& options, unsigned workers) {
  Device device;
  int result = rte_eth_dev_get_port_by_name(device_name(options.device).c_str(), &device.id);
  if (result != 0) return refuse(options, "the device did not start", result);
  rte_eth_dev_info info;
  result = rte_eth_dev_info_get(device.id, &info);
  if (result != 0) return refuse(options, "the device does not describe itself", result);
  if (info.max_tx_queues < workers)
    return Problem(fmt::format(
        "port {}: {} has {} transmit queues and {} workers need one each; give the device more "
        "queues (for net_vhost \"queues={}\") or configure fewer workers",
        options.name, options.device, info.max_tx_queues, workers, workers));
  if (options.mtu + kFrameOverhead > kPacketRoom)
    return Problem(fmt::format("port {}: mtu = {} is above the largest possible, {}", options.name,
                               options.mtu, kPacketRoom - kFrameOverhead));
  device.mtu = options.mtu;
  device.rx_queues = static_cast<std::uint16_t>(std::min<unsigned>(workers, info.max_rx_queues));
  device.rss = device.rx_queues == workers && can_steer(options, info);
  device.redirection_entries = info.reta_size;
  device.driver = info.driver_name;
  device.capabilities = {
      .tx_ip_checksum = (info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_IPV4_CKSUM) != 0,
      .tx_tcp_checksum = (info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_TCP_CKSUM) != 0,
      .tx_udp_checksum = (info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_UDP_CKSUM) != 0,
      .rx_checksum = (info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_TCP_CKSUM) != 0};
  return device;
}

int device_socket(const Device& device) { return std::max(rte_eth_dev_socket_id(device.id), 0); }

std::expected<void, std::string> start_device(Device& device, const DpdkPortOptions& options,
                                              const std::vector<MbufPool*>& pools) {
  const auto workers = static_cast<std::uint16_t>(pools.size());
  rte_eth_dev_info info;
  int result = rte_eth_dev_info_get(device.id, &info);
  if (result == 0) result = configure(device, info, workers);
  if (result != 0) return refuse(options, "the device refuses its configuration", result);
  result = set_up_queues(device, options, pools);
  if (result != 0) return refuse(options, "the device refuses its queues", result);
  result = rte_eth_dev_set_mtu(device.id, device.mtu);
  if (result != 0 && result != -ENOTSUP)
    return refuse(options, "the device refuses the MTU", result);
  result = rte_eth_dev_start(device.id);
  if (result != 0) return refuse(options, "the device does not start", result);
  if (device.rss && workers > 1) {
    result = fill_redirection_table(device, workers);
    if (result != 0) return refuse(options, "the device refuses the RSS table", result);
  }
  // Where it does not help, packets are handed on by the same hash; so it need not.
  device.rules = !device.rss && workers > 1 && device.rx_queues == workers &&
                 is_pci_address(options.device) && spread_by_rules(device.id, workers);
  device.steering = steering_text(device, options, workers);
  rte_eth_allmulticast_enable(device.id);  // neighbour discovery; not every driver has the call
  rte_ether_addr address;
  result = rte_eth_macaddr_get(device.id, &address);
  if (result != 0) return refuse(options, "the device has no MAC address", result);
  std::copy_n(address.addr_bytes, device.mac.size(), device.mac.begin());
  return {};
}

void stop_device(const Device& device) {
  if (device.rules) remove_rules(device.id);
  rte_eth_dev_stop(device.id);
  rte_eth_dev_close(device.id);
}

bool link_is_up(const Device& device) {
  rte_eth_link link{};
  return rte_eth_link_get_nowait(device.id, &link) == 0 && link.link_status == RTE_ETH_LINK_UP;
}

std::string offload_text(const PortCapabilities& capabilities) {
  std::string text;
  const auto add = [&text](bool offered, const char* name) {
    if (offered) text += text.empty() ? name : std::string(", ") + name;
  };
  add(capabilities.tx_ip_checksum, "tx ip checksum");
  add(capabilities.tx_tcp_checksum, "tx tcp checksum");
  add(capabilities.tx_udp_checksum, "tx udp checksum");
  add(capabilities.rx_checksum, "rx checksum");
  return text.empty() ? "none" : text;
}

}  // namespace sluice::net
