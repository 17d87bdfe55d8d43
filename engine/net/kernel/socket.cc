#include "engine/net/kernel/socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace sluice::net {
namespace {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = sizeof(sockaddr_storage);
  sockaddr* get() noexcept { return reinterpret_cast<sockaddr*>(&storage); }
};

SocketAddress address_of(const Endpoint& endpoint) noexcept {
  SocketAddress address;
  if (endpoint.address.is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(endpoint.port);
    v4.sin_addr.s_addr = htonl(endpoint.address.v4());
    std::memcpy(&address.storage, &v4, sizeof v4);
    address.length = sizeof v4;
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(endpoint.port);
    std::memcpy(&v6.sin6_addr, endpoint.address.octets.data(), sizeof v6.sin6_addr);
    std::memcpy(&address.storage, &v6, sizeof v6);
    address.length = sizeof v6;
  }
  return address;
}

Endpoint endpoint_of(const SocketAddress& address) noexcept {
  Endpoint endpoint;
  if (address.storage.ss_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, &address.storage, sizeof v4);
    endpoint.address = IpAddress::from_v4(ntohl(v4.sin_addr.s_addr));
    endpoint.port = ntohs(v4.sin_port);
  } else if (address.storage.ss_family == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, &address.storage, sizeof v6);
    std::memcpy(endpoint.address.octets.data(), &v6.sin6_addr, sizeof v6.sin6_addr);
    endpoint.port = ntohs(v6.sin6_port);
  }
  return endpoint;
}

void set_option(int socket, int level, int name, int value) noexcept {
  setsockopt(socket, level, name, &value, sizeof value);
}

SocketResult open_socket(const Endpoint& endpoint, int type = SOCK_STREAM) noexcept {
  const int family = endpoint.address.is_v4() ? AF_INET : AF_INET6;
  const int handle = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (handle < 0) return std::unexpected(errno);
  return handle;
}

SocketResult close_with_error(int socket) noexcept {
  const int error = errno;
  close(socket);
  return std::unexpected(error);
}

}  // namespace

SocketResult open_listener(const Endpoint& local, int backlog) {
  Endpoint wanted = local;
  SocketResult handle = open_socket(wanted);
  if (!handle && handle.error() == EAFNOSUPPORT && wanted.address.is_unspecified()) {
    wanted.address = IpAddress::from_v4(INADDR_ANY);  // a kernel without IPv6
    handle = open_socket(wanted);
  }
  if (!handle) return handle;
  set_option(*handle, SOL_SOCKET, SO_REUSEADDR, 1);
  set_option(*handle, SOL_SOCKET, SO_REUSEPORT, 1);
  if (!wanted.address.is_v4()) set_option(*handle, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  SocketAddress address = address_of(wanted);
  if (bind(*handle, address.get(), address.length) != 0 || ::listen(*handle, backlog) != 0)
    return close_with_error(*handle);
  return handle;
}

SocketResult open_connection(const Endpoint& remote) {
  const SocketResult handle = open_socket(remote);
  if (!handle) return handle;
  set_option(*handle, IPPROTO_TCP, TCP_NODELAY, 1);
  SocketAddress address = address_of(remote);
  if (connect(*handle, address.get(), address.length) != 0 && errno != EINPROGRESS)
    return close_with_error(*handle);
  return handle;
}

SocketResult open_local_connection(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return std::unexpected(ENAMETOOLONG);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const int handle = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (handle < 0) return std::unexpected(errno);
  // EAGAIN: its backlog is full, and it is not being connected either.
  if (connect(handle, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return close_with_error(handle);
  return handle;
}

SocketResult accept_connection(int listener) {
  const int handle = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (handle < 0) return std::unexpected(errno);
  set_option(handle, IPPROTO_TCP, TCP_NODELAY, 1);
  return handle;
}

SocketResult open_datagram_socket(const Endpoint& local, const std::optional<Endpoint>& peer) {
  const SocketResult handle = open_socket(peer ? *peer : local, SOCK_DGRAM);
  if (!handle) return handle;
  if (!local.address.is_unspecified() || local.port != 0) {
    SocketAddress address = address_of(local);
    if (bind(*handle, address.get(), address.length) != 0) return close_with_error(*handle);
  }
  if (!peer) return handle;
  SocketAddress address = address_of(*peer);
  if (connect(*handle, address.get(), address.length) != 0) return close_with_error(*handle);
  return handle;
}

SocketResult send_datagram(int socket, const std::optional<Endpoint>& remote, ByteView payload) {
  SocketAddress address = address_of(remote.value_or(Endpoint{}));
  const ssize_t sent = sendto(socket, payload.data(), payload.size(), 0,
                              remote ? address.get() : nullptr, remote ? address.length : 0);
  if (sent < 0) return std::unexpected(errno);
  return static_cast<int>(sent);
}

SocketResult receive_datagram(int socket, MutableBytes space, Endpoint& sender) {
  SocketAddress address;
  const ssize_t received =
      recvfrom(socket, space.data(), space.size(), 0, address.get(), &address.length);
  if (received < 0) return std::unexpected(errno);
  sender = endpoint_of(address);
  return static_cast<int>(received);
}

IpAddress address_of(const sockaddr& address) noexcept {
  SocketAddress copy;
  const bool v6 = address.sa_family == AF_INET6;
  std::memcpy(&copy.storage, &address, v6 ? sizeof(sockaddr_in6) : sizeof(sockaddr));
  return endpoint_of(copy).address;
}

int pending_error(int socket) noexcept {
  int error = 0;
  socklen_t length = sizeof error;
  return getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : errno;
}

Endpoint local_endpoint(int socket) noexcept {
  SocketAddress address;
  return getsockname(socket, address.get(), &address.length) == 0 ? endpoint_of(address)
                                                                  : Endpoint{};
}

Endpoint remote_endpoint(int socket) noexcept {
  SocketAddress address;
  return getpeername(socket, address.get(), &address.length) == 0 ? endpoint_of(address)
                                                                  : Endpoint{};
}

void reset_on_close(int socket) noexcept {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

NetError net_error(int error) noexcept {
  switch (error) {
    case ECONNREFUSED:
    case EAGAIN: return NetError::refused;  // of a socket of this machine: too many wait
    case ETIMEDOUT: return NetError::timed_out;
    case EADDRINUSE: return NetError::in_use;
    case ENOENT:
    case ENOTDIR:
    case ENAMETOOLONG:
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EHOSTDOWN:
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
    case EACCES:
    case EPERM: return NetError::unreachable;
    default: return is_shortage(error) ? NetError::no_resources : NetError::reset;
  }
}

bool is_shortage(int error) noexcept {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace sluice::net
