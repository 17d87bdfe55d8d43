#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "tests/tcp_test_abi/sockets.h"
#include "tests/tcp_test_abi/tcp_info.h"

namespace sluice::net::abi {
namespace {

// Copies a value out as the kernel does: cut to the caller's room.
int give(const void* value, std::size_t size, void* out, socklen_t* room) {
  if (out == nullptr || room == nullptr) return -EFAULT;
  *room = static_cast<socklen_t>(std::min<std::size_t>(*room, size));
  std::memcpy(out, value, *room);
  return 0;
}

int give(int value, void* out, socklen_t* room) { return give(&value, sizeof value, out, room); }

int get_socket_level(Instance& stack, Socket& socket, int name, void* value, socklen_t* size) {
  switch (name) {
    case SO_ERROR: return give(take_error(socket), value, size);
    case SO_TYPE: return give(SOCK_STREAM, value, size);
    case SO_PROTOCOL: return give(IPPROTO_TCP, value, size);
    case SO_DOMAIN: return give(socket.family, value, size);
    case SO_ACCEPTCONN: return give(socket.kind == Socket::Kind::listening, value, size);
    case SO_REUSEADDR: return give(socket.reuse_address, value, size);
    case SO_KEEPALIVE: return give(socket.keep_alive, value, size);
    case SO_RCVBUF: return give(static_cast<int>(stack.options().receive_window), value, size);
    case SO_SNDBUF: return give(static_cast<int>(stack.options().send_buffer), value, size);
    case SO_LINGER: {
      const linger on{socket.linger_s >= 0, std::max(socket.linger_s, 0)};
      return give(&on, sizeof on, value, size);
    }
    default: return -ENOPROTOOPT;
  }
}

int get_tcp_level(Socket& socket, int name, void* value, socklen_t* size) {
  switch (name) {
    case TCP_INFO: {
      const tcp_info info = tcp_info_of(socket);
      return give(&info, sizeof info, value, size);
    }
    case TCP_MAXSEG: return give(socket.tcb == nullptr ? 536 : socket.tcb->mss, value, size);
    default: return -ENOPROTOOPT;
  }
}

int set_socket_level(Socket& socket, int name, const void* value, socklen_t size) {
  int number = 0;
  if (name == SO_LINGER) {
    linger on{};
    if (size < sizeof on) return -EINVAL;
    std::memcpy(&on, value, sizeof on);
    socket.linger_s = on.l_onoff != 0 ? on.l_linger : -1;
    return 0;
  }
  if (size < sizeof number) return -EINVAL;
  std::memcpy(&number, value, sizeof number);
  switch (name) {
    case SO_REUSEADDR: socket.reuse_address = number != 0; return 0;
    case SO_KEEPALIVE: socket.keep_alive = number != 0; return 0;
    default: return -ENOPROTOOPT;
  }
}

}  // namespace

int get_option(Instance& stack, Socket& socket, int level, int name, void* value, socklen_t* size) {
  if (level == SOL_SOCKET) return get_socket_level(stack, socket, name, value, size);
  if (level == IPPROTO_TCP) return get_tcp_level(socket, name, value, size);
  return -ENOPROTOOPT;
}

int set_option(Instance&, Socket& socket, int level, int name, const void* value, socklen_t size) {
  if (value == nullptr) return -EFAULT;
  if (level == SOL_SOCKET) return set_socket_level(socket, name, value, size);
  return -ENOPROTOOPT;
}

}  // namespace sluice::net::abi
