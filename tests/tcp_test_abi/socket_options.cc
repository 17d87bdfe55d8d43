#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "tests/tcp_test_abi/sockets.h"
#include "tests/tcp_test_abi/tcp_info.h"

namespace sluice::net::abi {
namespace {

constexpr int kMssMin = 88;  // what Linux takes for TCP_MAXSEG
constexpr int kMssMax = 32'767;
constexpr int kKeepMax = 32'767;  // seconds
constexpr int kBufferMin = 2'304;
constexpr int kBufferMax = 1 << 29;

// Those of the connection, once there is one.
tcp::ConnectionOptions& options_of(Socket& socket) {
  return socket.tcb == nullptr ? socket.options : socket.tcb->options;
}

// Copies a value out as the kernel does: cut to the caller's room.
int give(const void* value, std::size_t size, void* out, socklen_t* room) {
  if (out == nullptr || room == nullptr) return -EFAULT;
  *room = static_cast<socklen_t>(std::min<std::size_t>(*room, size));
  std::memcpy(out, value, *room);
  return 0;
}

int give(std::uint32_t value, void* out, socklen_t* room) {
  return give(&value, sizeof value, out, room);
}

int get_socket_level(Socket& socket, int name, void* value, socklen_t* size) {
  const tcp::ConnectionOptions& options = options_of(socket);
  switch (name) {
    case SO_ERROR: return give(static_cast<std::uint32_t>(take_error(socket)), value, size);
    case SO_TYPE: return give(SOCK_STREAM, value, size);
    case SO_PROTOCOL: return give(IPPROTO_TCP, value, size);
    case SO_DOMAIN: return give(static_cast<std::uint32_t>(socket.family), value, size);
    case SO_ACCEPTCONN: return give(socket.kind == Socket::Kind::listening, value, size);
    case SO_REUSEADDR: return give(socket.reuse_address, value, size);
    case SO_KEEPALIVE: return give(socket.keep_alive, value, size);
    case SO_RCVBUF: return give(options.receive_buffer, value, size);
    case SO_SNDBUF: return give(options.send_buffer, value, size);
    case SO_LINGER: {
      const linger on{socket.linger_s >= 0, std::max(socket.linger_s, 0)};
      return give(&on, sizeof on, value, size);
    }
    default: return -ENOPROTOOPT;
  }
}

std::uint32_t max_segment(const Socket& socket) {
  if (socket.tcb != nullptr) return socket.tcb->mss;
  if (socket.options.mss_max != 0) return socket.options.mss_max;
  return socket.family == AF_INET ? tcp::kDefaultMss : tcp::kDefaultMssV6;
}

int get_tcp_level(Instance& stack, Socket& socket, int name, void* value, socklen_t* size) {
  const tcp::ConnectionOptions& options = options_of(socket);
  switch (name) {
    case TCP_INFO: {
      const tcp_info info = tcp_info_of(stack, socket);
      return give(&info, sizeof info, value, size);
    }
    case TCP_MAXSEG: return give(max_segment(socket), value, size);
    case TCP_NODELAY: return give(options.no_delay, value, size);
    case TCP_USER_TIMEOUT: return give(options.user_timeout_ms, value, size);
    case TCP_KEEPIDLE: return give(socket.keep_idle_s, value, size);
    case TCP_KEEPINTVL: return give(options.keep_interval_ms / 1'000, value, size);
    case TCP_KEEPCNT: return give(options.keep_count, value, size);
    default: return -ENOPROTOOPT;
  }
}

// The timer of the probes follows SO_KEEPALIVE and TCP_KEEPIDLE.
void set_keep_alive(Instance& stack, Socket& socket, bool on, std::uint32_t idle_s) {
  socket.keep_alive = on;
  socket.keep_idle_s = idle_s;
  options_of(socket).keep_idle_ms = on ? idle_s * 1'000 : 0;
  if (socket.tcb != nullptr) stack.tcp().start_keep_alive(*socket.tcb);
}

// Linux gives twice what is asked for, for its own overhead.
std::uint32_t doubled(int value) {
  return static_cast<std::uint32_t>(std::clamp(value, kBufferMin / 2, kBufferMax)) * 2;
}

int set_socket_level(Instance& stack, Socket& socket, int name, int value) {
  switch (name) {
    case SO_REUSEADDR: socket.reuse_address = value != 0; return 0;
    case SO_KEEPALIVE: set_keep_alive(stack, socket, value != 0, socket.keep_idle_s); return 0;
    case SO_RCVBUF: options_of(socket).receive_buffer = doubled(value); return 0;
    case SO_SNDBUF: options_of(socket).send_buffer = doubled(value); return 0;
    default: return -ENOPROTOOPT;
  }
}

int set_tcp_level(Instance& stack, Socket& socket, int name, int value) {
  tcp::ConnectionOptions& options = options_of(socket);
  switch (name) {
    case TCP_MAXSEG:
      if (value < kMssMin || value > kMssMax) return -EINVAL;
      options.mss_max = static_cast<std::uint16_t>(value);
      return 0;
    case TCP_NODELAY: options.no_delay = value != 0; return 0;
    case TCP_USER_TIMEOUT:
      if (value < 0) return -EINVAL;
      options.user_timeout_ms = value == 0 ? stack.tcp().default_options().user_timeout_ms
                                           : static_cast<std::uint32_t>(value);
      return 0;
    case TCP_KEEPIDLE:
      if (value < 1 || value > kKeepMax) return -EINVAL;
      set_keep_alive(stack, socket, socket.keep_alive, static_cast<std::uint32_t>(value));
      return 0;
    case TCP_KEEPINTVL:
      if (value < 1 || value > kKeepMax) return -EINVAL;
      options.keep_interval_ms = static_cast<std::uint32_t>(value) * 1'000;
      return 0;
    case TCP_KEEPCNT:
      if (value < 1 || value > 127) return -EINVAL;
      options.keep_count = static_cast<std::uint8_t>(value);
      return 0;
    default: return -ENOPROTOOPT;
  }
}

int set_any(Instance& stack, Socket& socket, int level, int name, const void* value,
            socklen_t size) {
  if (value == nullptr) return -EFAULT;
  if (level == SOL_SOCKET && name == SO_LINGER) {
    linger on{};
    if (size < sizeof on) return -EINVAL;
    std::memcpy(&on, value, sizeof on);
    socket.linger_s = on.l_onoff != 0 ? on.l_linger : -1;
    return 0;
  }
  int number = 0;
  if (size < sizeof number) return -EINVAL;
  std::memcpy(&number, value, sizeof number);
  if (level == SOL_SOCKET) return set_socket_level(stack, socket, name, number);
  if (level == IPPROTO_TCP) return set_tcp_level(stack, socket, name, number);
  return -ENOPROTOOPT;
}

}  // namespace

int get_option(Instance& stack, Socket& socket, int level, int name, void* value, socklen_t* size) {
  if (level == SOL_SOCKET) return get_socket_level(socket, name, value, size);
  if (level == IPPROTO_TCP) return get_tcp_level(stack, socket, name, value, size);
  return -ENOPROTOOPT;
}

int set_option(Instance& stack, Socket& socket, int level, int name, const void* value,
               socklen_t size) {
  const int result = set_any(stack, socket, level, name, value, size);
  // A listener gives its own to what it accepts.
  if (socket.kind == Socket::Kind::listening)
    stack.tcp().listener_at(socket.local)->options = socket.options;
  return result;
}

}  // namespace sluice::net::abi
