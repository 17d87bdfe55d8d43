// Which local endpoints accept connections, and the half-open ones that wait for their last ACK.
#pragma once

#include <vector>

#include "engine/net/tcp/tcb.h"

namespace sluice::net::tcp {

// One may stand for the other: the same port, and an address or all of them.
inline bool overlap(const Endpoint& a, const Endpoint& b) noexcept {
  if (a.port != b.port) return false;
  return a.address == b.address || a.address.is_unspecified() || b.address.is_unspecified();
}

struct Listener {
  Endpoint local;  // an unspecified IPv6 address stands for both families
  std::uint32_t tag = 0;
  std::uint32_t backlog = 0;  // open connections that may wait to be taken
  ConnectionOptions options;  // of what it accepts
  std::uint32_t waiting = 0;  // open connections that do
};

class ListenerTable {
 public:
  // False when the same endpoint is taken.
  bool add(const Listener& listener);
  void remove(std::uint32_t tag) noexcept;
  void clear() noexcept { listeners_.clear(); }
  // The listener for (address, port); the exact address goes before an unspecified one.
  Listener* find(const IpAddress& address, std::uint16_t port) noexcept;
  bool listens_on(std::uint16_t port) const noexcept;
  bool overlaps(const Endpoint& local) const noexcept;

 private:
  std::size_t first_of(std::uint16_t port) const noexcept;

  std::vector<Listener> listeners_;  // by port, the most specific address first
};

using HalfOpenList = IntrusiveList<Tcb, &Tcb::queue_link>;

}  // namespace sluice::net::tcp
