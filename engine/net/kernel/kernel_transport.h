// Ordinary sockets as a Transport: for first runs, containers, the management network, and as the
// yardstick that the bypass is measured against. One epoll instance per core.
#pragma once

#include <memory>

#include "engine/net/transport.h"

namespace sluice::net {

struct KernelOptions {
  std::uint32_t connections_max = 32'768;
  std::uint32_t send_buffer = 256 * 1024;  // octets kept per connection until the kernel takes them
  int backlog = 1024;
};

std::unique_ptr<Transport> make_kernel_transport(const KernelOptions& options);

}  // namespace sluice::net
