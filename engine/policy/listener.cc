#include "engine/policy/listener.h"

namespace sluice::policy {

const config::Listener* find_listener(const config::Config& config, std::string_view port_name,
                                      const Endpoint& local) noexcept {
  const config::Listener* bound_to_all = nullptr;
  for (const config::Listener& listener : config.listeners) {
    if (listener.port_name != port_name || listener.tcp_port != local.port) continue;
    if (listener.address == local.address) return &listener;
    const bool any = listener.address.is_unspecified() || listener.address == IpAddress::from_v4(0);
    if (any && bound_to_all == nullptr) bound_to_all = &listener;
  }
  return bound_to_all;
}

}  // namespace sluice::policy
