#include "engine/net/tcp/listener.h"

#include <algorithm>

namespace sluice::net::tcp {
namespace {

bool covers(const IpAddress& listening, const IpAddress& address) noexcept {
  if (listening == address) return true;
  return listening.is_unspecified() && (!listening.is_v4() || address.is_v4());
}

// 0 = an address of ours, 1 = all of IPv4, 2 = all.
int breadth(const IpAddress& address) noexcept {
  if (!address.is_unspecified()) return 0;
  return address.is_v4() ? 1 : 2;
}

}  // namespace

bool ListenerTable::add(const Listener& listener) {
  for (const Listener& other : listeners_)
    if (other.local == listener.local) return false;
  listeners_.push_back(listener);
  std::sort(listeners_.begin(), listeners_.end(), [](const Listener& a, const Listener& b) {
    if (a.local.port != b.local.port) return a.local.port < b.local.port;
    return breadth(a.local.address) < breadth(b.local.address);
  });
  return true;
}

void ListenerTable::remove(std::uint32_t tag) noexcept {
  std::erase_if(listeners_, [tag](const Listener& listener) { return listener.tag == tag; });
}

std::size_t ListenerTable::first_of(std::uint16_t port) const noexcept {
  const auto at = std::lower_bound(
      listeners_.begin(), listeners_.end(), port,
      [](const Listener& listener, std::uint16_t wanted) { return listener.local.port < wanted; });
  return static_cast<std::size_t>(at - listeners_.begin());
}

Listener* ListenerTable::find(const IpAddress& address, std::uint16_t port) noexcept {
  for (std::size_t i = first_of(port); i < listeners_.size() && listeners_[i].local.port == port;
       ++i)
    if (covers(listeners_[i].local.address, address)) return &listeners_[i];
  return nullptr;
}

bool ListenerTable::listens_on(std::uint16_t port) const noexcept {
  const std::size_t first = first_of(port);
  return first < listeners_.size() && listeners_[first].local.port == port;
}

bool ListenerTable::overlaps(const Endpoint& local) const noexcept {
  return std::any_of(listeners_.begin(), listeners_.end(),
                     [&](const Listener& listener) { return overlap(listener.local, local); });
}

}  // namespace sluice::net::tcp
