#include "engine/net/dpdk/flow_rules.h"

#include <rte_ethdev.h>
#include <rte_flow.h>

#include <numeric>
#include <vector>

#include "engine/net/dpdk/flow_hash.h"

namespace sluice::net {
namespace {

bool spread(std::uint16_t device, rte_flow_item_type network, std::uint64_t types,
            const std::vector<std::uint16_t>& queues) {
  rte_flow_attr attributes{};
  attributes.ingress = 1;
  rte_flow_item pattern[4]{};
  pattern[0].type = RTE_FLOW_ITEM_TYPE_ETH;
  pattern[1].type = network;
  pattern[2].type = RTE_FLOW_ITEM_TYPE_TCP;
  pattern[3].type = RTE_FLOW_ITEM_TYPE_END;
  rte_flow_action_rss rss{};
  rss.func = RTE_ETH_HASH_FUNCTION_TOEPLITZ;
  rss.types = types;
  rss.key = kSymmetricKey.data();
  rss.key_len = 40;  // what Toeplitz needs for two IPv6 addresses and ports
  rss.queue = queues.data();
  rss.queue_num = static_cast<std::uint32_t>(queues.size());
  rte_flow_action actions[2]{};
  actions[0].type = RTE_FLOW_ACTION_TYPE_RSS;
  actions[0].conf = &rss;
  actions[1].type = RTE_FLOW_ACTION_TYPE_END;
  rte_flow_error error{};
  return rte_flow_validate(device, &attributes, pattern, actions, &error) == 0 &&
         rte_flow_create(device, &attributes, pattern, actions, &error) != nullptr;
}

}  // namespace

bool spread_by_rules(std::uint16_t device, std::uint16_t queues) {
  std::vector<std::uint16_t> all(queues);
  std::iota(all.begin(), all.end(), std::uint16_t{0});
  const bool spread_both =
      spread(device, RTE_FLOW_ITEM_TYPE_IPV4, RTE_ETH_RSS_NONFRAG_IPV4_TCP, all) &&
      spread(device, RTE_FLOW_ITEM_TYPE_IPV6, RTE_ETH_RSS_NONFRAG_IPV6_TCP, all);
  if (!spread_both) remove_rules(device);
  return spread_both;
}

void remove_rules(std::uint16_t device) {
  rte_flow_error error{};
  rte_flow_flush(device, &error);
}

}  // namespace sluice::net
