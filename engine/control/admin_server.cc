#include "engine/control/admin_server.h"

#include <poll.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "engine/base/clock.h"
#include "engine/control/admin_commands.h"

namespace sluice::control {
namespace {

constexpr std::size_t kRequestMax = 4096;            // octets
constexpr Duration kClientTime = milliseconds(500);  // for its request, and for the answer
constexpr int kBacklog = 16;

bool fill_address(const std::string& path, sockaddr_un& address) {
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return false;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return true;
}

// Someone answers: another engine runs. Nobody does: the socket is left over from a crash.
bool in_use(const sockaddr_un& address) {
  const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool answered =
      connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  close(probe);
  return answered;
}

// net_tap signals the process at each packet: any call may be interrupted.
template <typename Call>
auto retry(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

// Who has connected, for the log and for "since when and by whom".
std::string user_of(int client) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(client, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return "unknown";
  char buffer[1024];
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(peer.uid, &entry, buffer, sizeof buffer, &found) == 0 && found != nullptr)
    return entry.pw_name;
  return "uid " + std::to_string(peer.uid);
}

// Waits for `events`; false when `until` comes first.
bool ready(int client, short events, Instant until) {
  for (;;) {
    const Duration left = until - SystemClock().now();
    if (left.ns <= 0) return false;
    pollfd descriptor{client, events, 0};
    if (poll(&descriptor, 1, static_cast<int>(left.ns / 1'000'000 + 1)) > 0) return true;
  }
}

}  // namespace

std::expected<std::unique_ptr<AdminServer>, std::string> AdminServer::open(const std::string& path,
                                                                           Engine& engine) {
  auto fault = [&](const std::string& what) {
    return std::unexpected("admin.socket " + path + ": " + what);
  };
  sockaddr_un address{};
  if (!fill_address(path, address))
    return fault("longer than " + std::to_string(sizeof address.sun_path - 1) + " octets");
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
  if (in_use(address)) return fault("another engine answers there");
  unlink(path.c_str());
  const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const mode_t mask = umask(0177);
  const bool bound =
      bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      listen(descriptor, kBacklog) == 0;
  const int reason = errno;
  umask(mask);
  if (!bound) {
    close(descriptor);
    return fault(std::strerror(reason));
  }
  return std::unique_ptr<AdminServer>(new AdminServer(path, descriptor, engine));
}

AdminServer::~AdminServer() {
  close(descriptor_);
  unlink(path_.c_str());
}

void AdminServer::poll(int timeout_ms, int also) {
  pollfd descriptors[] = {{descriptor_, POLLIN, 0}, {also, POLLIN, 0}};
  if (::poll(descriptors, 2, timeout_ms) <= 0 || (descriptors[0].revents & POLLIN) == 0) return;
  const int client =
      retry([&] { return accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK); });
  if (client < 0) return;
  serve(client);
  close(client);
}

// The control thread waits for it meanwhile: a slow client is dropped.
void AdminServer::serve(int client) {
  std::string request;
  char buffer[kRequestMax];
  const Instant asked_by = SystemClock().now() + kClientTime;
  while (request.find('\n') == std::string::npos && request.size() < kRequestMax) {
    if (!ready(client, POLLIN, asked_by)) return;
    const ssize_t got = retry([&] { return read(client, buffer, sizeof buffer); });
    if (got <= 0) return;
    request.append(buffer, static_cast<std::size_t>(got));
  }
  const std::string reply = run_admin_command(engine_, request, user_of(client)) + "\n";
  const Instant answered_by = SystemClock().now() + kClientTime;
  for (std::size_t sent = 0; sent < reply.size();) {
    if (!ready(client, POLLOUT, answered_by)) return;
    const ssize_t n =
        retry([&] { return send(client, reply.data() + sent, reply.size() - sent, MSG_NOSIGNAL); });
    if (n < 0 && errno != EAGAIN) return;
    if (n > 0) sent += static_cast<std::size_t>(n);
  }
}

}  // namespace sluice::control
