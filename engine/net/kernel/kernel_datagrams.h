// Ordinary UDP sockets as a DatagramTransport. One epoll instance per core; while no socket is open
// it makes no system call.
#pragma once

#include <memory>

#include "engine/net/datagram.h"

namespace sluice::net {

class KernelDatagrams : public DatagramTransport {
 public:
  // Becomes readable when next_ready_socket() would have something.
  virtual int wait_descriptor() const noexcept = 0;
};

inline constexpr std::size_t kKernelDatagramBytesMax = 4'096;  // what is longer is cut, and useless

// take_error() of its sockets says what the kernel learnt from ICMP. The kernel chooses the port.
std::unique_ptr<KernelDatagrams> make_kernel_datagrams(std::size_t sockets_max);

}  // namespace sluice::net
