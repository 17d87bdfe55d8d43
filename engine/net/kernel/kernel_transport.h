// Ordinary sockets as a Transport: for first runs, containers, the management network, and as the
// yardstick that the bypass is measured against. One epoll instance per core.
#pragma once

#include <memory>
#include <optional>

#include "engine/net/transport.h"

namespace sluice::net {

struct KernelOptions {
  std::uint32_t connections_max = 32'768;
  std::uint32_t send_buffer = 256 * 1024;  // octets kept per connection until the kernel takes them
  int backlog = 1024;
};

// write_drained() of its connections says that the kernel has everything; the acknowledgement is
// the kernel's own matter. A listener on the unspecified IPv6 address takes IPv4 too.
std::unique_ptr<Transport> make_kernel_transport(const KernelOptions& options);

// Where the listener with this tag is really bound: the port that the kernel chose for port 0. Of a
// transport made by make_kernel_transport.
std::optional<Endpoint> kernel_listener(const Transport& transport, std::uint32_t tag);

}  // namespace sluice::net
