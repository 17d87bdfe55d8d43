#include "engine/net/tcp/listener.h"

#include <algorithm>

namespace sluice::net::tcp {

bool ListenerTable::add(const Endpoint& local, std::uint32_t tag) {
  for (const Listener& listener : listeners_)
    if (listener.local == local) return false;
  listeners_.push_back({local, tag});
  std::sort(listeners_.begin(), listeners_.end(), [](const Listener& a, const Listener& b) {
    if (a.local.port != b.local.port) return a.local.port < b.local.port;
    return a.local.address.is_unspecified() < b.local.address.is_unspecified();
  });
  return true;
}

std::vector<ListenerTable::Listener>::const_iterator ListenerTable::first_of(
    std::uint16_t port) const noexcept {
  return std::lower_bound(
      listeners_.begin(), listeners_.end(), port,
      [](const Listener& listener, std::uint16_t wanted) { return listener.local.port < wanted; });
}

std::optional<std::uint32_t> ListenerTable::find(const IpAddress& address,
                                                 std::uint16_t port) const noexcept {
  for (auto at = first_of(port); at != listeners_.end() && at->local.port == port; ++at)
    if (at->local.address == address || at->local.address.is_unspecified()) return at->tag;
  return {};
}

bool ListenerTable::listens_on(std::uint16_t port) const noexcept {
  const auto at = first_of(port);
  return at != listeners_.end() && at->local.port == port;
}

}  // namespace sluice::net::tcp
