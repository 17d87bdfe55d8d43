// Which local endpoints accept connections, and the half-open ones that wait for their last ACK.
#pragma once

#include <expected>
#include <optional>
#include <vector>

#include "engine/net/tcp/tcb.h"

namespace sluice::net::tcp {

class ListenerTable {
 public:
  // False when the same endpoint is taken. An unspecified address listens on all of ours.
  bool add(const Endpoint& local, std::uint32_t tag);
  void clear() noexcept { listeners_.clear(); }
  // The tag of the listener for (address, port); the exact address goes before the unspecified one.
  std::optional<std::uint32_t> find(const IpAddress& address, std::uint16_t port) const noexcept;
  bool listens_on(std::uint16_t port) const noexcept;

 private:
  struct Listener {
    Endpoint local;
    std::uint32_t tag;
  };
  std::vector<Listener>::const_iterator first_of(std::uint16_t port) const noexcept;

  std::vector<Listener> listeners_;  // by port, unspecified addresses last
};

using HalfOpenList = IntrusiveList<Tcb, &Tcb::queue_link>;

}  // namespace sluice::net::tcp
