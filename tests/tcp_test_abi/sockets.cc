#include "tests/tcp_test_abi/sockets.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>

#include "tests/tcp_test_abi/address.h"

namespace sluice::net::abi {
namespace {

using Kind = Socket::Kind;

int errno_of(NetError error) {
  switch (error) {
    case NetError::refused: return ECONNREFUSED;
    case NetError::reset: return ECONNRESET;
    case NetError::timed_out: return ETIMEDOUT;
    case NetError::unreachable: return EHOSTUNREACH;
    case NetError::in_use: return EADDRINUSE;
    case NetError::denied: return EACCES;
    case NetError::too_large: return EMSGSIZE;
    case NetError::no_resources: return ENOBUFS;
  }
  return EIO;
}

bool has_error(const Socket& socket) {
  return socket.tcb != nullptr && socket.tcb->failed && !socket.error_taken;
}

bool opening(const Socket& socket) {
  return socket.tcb != nullptr && socket.tcb->state() == Connection::State::opening;
}

// Nothing more will be sent, or was taken for sending, on this connection.
bool sending_over(const Socket& socket) {
  return socket.write_shut || !tcp::can_write(socket.tcb->tcp_state);
}

bool receiving_over(const Socket& socket) {
  return socket.tcb->read_shut || socket.tcb->fin_received ||
         socket.tcb->tcp_state == tcp::TcpState::closed;
}

// An address that a socket of this family may name.
std::expected<Endpoint, int> checked(const Socket& socket, const sockaddr* address,
                                     socklen_t length) {
  if (address == nullptr || length < sizeof(sa_family_t)) return std::unexpected(EINVAL);
  if (address->sa_family != socket.family) return std::unexpected(EAFNOSUPPORT);
  const auto endpoint = endpoint_of(address, length);
  if (!endpoint) return std::unexpected(EINVAL);
  return *endpoint;
}

void take(Socket& socket, tcp::Tcb& tcb) {
  socket.kind = Kind::connection;
  socket.tcb = &tcb;
  socket.local = tcb.local();
}

}  // namespace

int take_error(Socket& socket) {
  if (!has_error(socket)) return 0;
  socket.error_taken = true;
  return errno_of(socket.tcb->failure);
}

int bind(Instance& stack, Socket& socket, const sockaddr* address, socklen_t length) {
  const auto local = checked(socket, address, length);
  if (!local) return -local.error();
  if (socket.bound || socket.kind != Kind::fresh) return -EINVAL;
  if (!local->address.is_unspecified() && !stack.owns(local->address)) return -EADDRNOTAVAIL;
  if (local->port != 0 && stack.tcp().in_use(*local, socket.reuse_address)) return -EADDRINUSE;
  socket.local = *local;
  socket.bound = true;
  return 0;
}

int listen(Instance& stack, Socket& socket, int fd, int backlog) {
  if (socket.kind == Kind::connection) return -EINVAL;
  const auto most = static_cast<std::uint32_t>(std::max(backlog, 0));
  if (socket.kind == Kind::listening) {
    stack.tcp().listener_at(socket.local)->backlog = most;
    return 0;
  }
  if (!socket.bound || socket.local.port == 0) return -EADDRNOTAVAIL;
  const auto listening =
      stack.tcp().listen({socket.local, static_cast<std::uint32_t>(fd), most, socket.options});
  if (!listening) return -errno_of(listening.error());
  socket.kind = Kind::listening;
  return 0;
}

int accept(Instance& stack, Socket& listener, int fd, sockaddr* address, socklen_t* length) {
  if (listener.kind != Kind::listening) return -EINVAL;
  tcp::Tcb* tcb = stack.tcp().accept(static_cast<std::uint32_t>(fd));
  if (tcb == nullptr) return -EAGAIN;
  Socket socket;
  socket.family = listener.family;
  socket.keep_alive = listener.keep_alive;
  socket.keep_idle_s = listener.keep_idle_s;
  socket.linger_s = listener.linger_s;
  socket.bound = true;
  take(socket, *tcb);
  store_address(tcb->remote(), listener.family, address, length);
  return stack.add(std::move(socket));
}

int connect(Instance& stack, Socket& socket, const sockaddr* address, socklen_t length) {
  const auto remote = checked(socket, address, length);
  if (!remote) return -remote.error();
  if (socket.kind == Kind::listening) return -EISCONN;
  if (socket.kind == Kind::connection) {
    if (opening(socket)) return -EALREADY;
    if (!socket.connecting) return -EISCONN;
    socket.connecting = false;
    return -take_error(socket);
  }
  if (remote->port == 0 || remote->address.is_unspecified()) return -EADDRNOTAVAIL;
  const auto connection = stack.tcp().connect(*remote, 1, socket.local, socket.options);
  if (!connection)
    return connection.error() == NetError::no_resources ? -EADDRNOTAVAIL
                                                        : -errno_of(connection.error());
  take(socket, **connection);
  socket.connecting = true;
  return -EINPROGRESS;
}

ssize_t receive(Instance&, Socket& socket, std::span<std::uint8_t> out, int flags) {
  if ((flags & ~(MSG_PEEK | MSG_DONTWAIT)) != 0) return -EOPNOTSUPP;
  if (socket.kind != Kind::connection) return -ENOTCONN;
  if (out.data() == nullptr && !out.empty()) return -EFAULT;
  if (opening(socket)) return -EAGAIN;
  if (out.empty()) return 0;
  const std::size_t copied = socket.tcb->received.copy(out);
  if (copied > 0) {
    for (std::size_t left = (flags & MSG_PEEK) != 0 ? 0 : copied; left > 0;) {
      const std::size_t step = std::min(left, socket.tcb->readable().size());
      socket.tcb->consume(step);
      left -= step;
    }
    return static_cast<ssize_t>(copied);
  }
  if (const int error = take_error(socket)) return -error;
  return receiving_over(socket) ? 0 : -EAGAIN;
}

ssize_t send(Instance& stack, Socket& socket, ByteView octets, int flags) {
  if ((flags & ~(MSG_MORE | MSG_DONTWAIT | MSG_NOSIGNAL)) != 0) return -EOPNOTSUPP;
  if (octets.data() == nullptr && !octets.empty()) return -EFAULT;
  if (socket.kind != Kind::connection) return -EPIPE;
  if (opening(socket)) return -EAGAIN;
  if (const int error = take_error(socket)) return -error;
  if (sending_over(socket)) return -EPIPE;
  if (octets.empty()) return 0;
  stack.tcp().set_cork(*socket.tcb, (flags & MSG_MORE) != 0);
  const std::size_t taken = socket.tcb->write(octets);
  return taken == 0 ? -EAGAIN : static_cast<ssize_t>(taken);
}

int shutdown(Instance& stack, Socket& socket, int how) {
  if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR) return -EINVAL;
  if (socket.kind != Kind::connection || opening(socket) || socket.tcb->failed) return -ENOTCONN;
  if (how != SHUT_WR) stack.tcp().shutdown_read(*socket.tcb);
  if (how == SHUT_RD || socket.write_shut) return 0;
  socket.write_shut = true;
  socket.tcb->close();
  return 0;
}

void close(Instance& stack, Socket& socket, int fd) {
  if (socket.kind == Kind::listening) stack.tcp().stop_listening(static_cast<std::uint32_t>(fd));
  if (socket.tcb == nullptr) return;
  if (socket.linger_s == 0) {
    socket.tcb->abort();
  } else {
    socket.tcb->close();
  }
  stack.tcp().release(*socket.tcb);
}

int poll(Instance& stack, const Socket& socket) {
  if (socket.kind == Kind::listening)
    return stack.tcp().listener_at(socket.local)->waiting == 0 ? 0 : POLLIN;
  if (socket.kind == Kind::fresh) return POLLOUT | POLLHUP;
  if (opening(socket)) return 0;
  const tcp::Tcb& tcb = *socket.tcb;
  const bool over = tcb.tcp_state == tcp::TcpState::closed;
  const bool no_more_in = receiving_over(socket);
  const bool no_more_out = sending_over(socket);
  int bits = 0;
  if (has_error(socket)) bits |= POLLERR;
  if (over || (no_more_in && no_more_out)) bits |= POLLHUP;
  if (no_more_in) bits |= POLLIN | POLLRDHUP;
  if (!tcb.received.empty()) bits |= POLLIN;
  if (no_more_out || tcb.write_space() > 0) bits |= POLLOUT;
  return bits;
}

int queued(const Socket& socket, int which) {
  if (which != 0 && which != 1) return -EINVAL;
  if (socket.kind == Kind::listening) return -EINVAL;
  if (socket.tcb == nullptr) return 0;
  const tcp::Tcb& tcb = *socket.tcb;
  return static_cast<int>(which == 0 ? tcb.received.octets() : tcb.unacknowledged.octets());
}

}  // namespace sluice::net::abi
