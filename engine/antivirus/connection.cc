#include "engine/antivirus/connection.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "engine/base/ip_address.h"
#include "engine/net/kernel/socket.h"

namespace sluice::antivirus {
namespace {

constexpr int kStepMs = 100;  // how often a wait looks whether the engine stops

std::unexpected<std::string> fault(const char* during, int error) {
  return std::unexpected(std::string(during) + ": " + std::generic_category().message(error));
}

// A socket that is connecting, or an errno.
net::SocketResult begin_connect(const std::string& server) {
  if (const auto endpoint = Endpoint::parse(server)) return net::open_connection(*endpoint);
  sockaddr_un address{};
  if (server.size() >= sizeof address.sun_path) return std::unexpected(ENAMETOOLONG);
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, server.data(), server.size());
  const int handle = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (handle < 0) return std::unexpected(errno);
  if (connect(handle, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
    return handle;
  const int error = errno;  // EAGAIN: too many wait at the other end
  close(handle);
  return std::unexpected(error);
}

}  // namespace

bool Patience::over() const noexcept {
  if (stop != nullptr && stop->load(std::memory_order_relaxed)) return true;
  return SystemClock().now() >= deadline;
}

Connection::Connection(Connection&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)), unread_(std::move(other.unread_)) {}

Connection& Connection::operator=(Connection&& other) noexcept {
  std::swap(socket_, other.socket_);
  std::swap(unread_, other.unread_);
  return *this;
}

void Connection::close() noexcept {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
  unread_.clear();
}

bool Connection::is_stale() const noexcept {
  if (!unread_.empty()) return true;
  pollfd state{socket_, POLLIN, 0};
  return poll(&state, 1, 0) != 0;
}

std::expected<Connection, std::string> Connection::open(const std::string& server,
                                                        const Patience& patience) {
  const auto handle = begin_connect(server);
  if (!handle) return fault("connecting", handle.error());
  Connection connection(*handle);
  if (auto ready = connection.wait(POLLOUT, patience); !ready)
    return std::unexpected("connecting: " + ready.error());
  if (const int error = net::pending_error(*handle); error != 0) return fault("connecting", error);
  return connection;
}

std::expected<void, std::string> Connection::wait(short events, const Patience& patience) const {
  while (!patience.over()) {
    pollfd state{socket_, events, 0};
    const int count = poll(&state, 1, kStepMs);
    if (count > 0) return {};
    if (count < 0 && errno != EINTR) return fault("waiting", errno);
  }
  return std::unexpected("it took too long");
}

std::expected<void, std::string> Connection::write(ByteView octets, const Patience& patience) {
  while (!octets.empty()) {
    const ssize_t sent = send(socket_, octets.data(), octets.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      octets = octets.subspan(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      if (auto ready = wait(POLLOUT, patience); !ready) return ready;
    } else if (errno != EINTR) {
      return fault("writing", errno);
    }
  }
  return {};
}

std::expected<std::size_t, std::string> Connection::read(MutableBytes into,
                                                         const Patience& patience) {
  if (!unread_.empty()) {
    const std::size_t size = std::min(into.size(), unread_.size());
    std::memcpy(into.data(), unread_.data(), size);
    unread_.erase(0, size);
    return size;
  }
  while (true) {
    const ssize_t count = recv(socket_, into.data(), into.size(), 0);
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno == EAGAIN) {
      if (auto ready = wait(POLLIN, patience); !ready) return std::unexpected(ready.error());
    } else if (errno != EINTR) {
      return fault("reading", errno);
    }
  }
}

std::expected<std::string, std::string> Connection::read_until(std::string_view end,
                                                               std::size_t most,
                                                               const Patience& patience) {
  std::string text;
  std::array<std::uint8_t, 4096> buffer;
  while (true) {
    const std::size_t at = text.find(end);
    if (at != text.npos) {
      unread_.insert(0, text, at + end.size());
      text.resize(at);
      return text;
    }
    if (text.size() >= most + end.size()) return std::unexpected("an answer beyond all bounds");
    const auto count = read(buffer, patience);
    if (!count) return std::unexpected(count.error());
    if (*count == 0) return std::unexpected("the connection was closed");
    text += as_text({buffer.data(), *count});
  }
}

}  // namespace sluice::antivirus
