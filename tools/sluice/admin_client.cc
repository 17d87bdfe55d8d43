#include "tools/sluice/admin_client.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace sluice::tools {
namespace {

std::expected<std::string, AdminError> converse(const std::string& path,
                                                const std::string& request) {
  auto fault = [&](AdminFault kind, const char* what) {
    return std::unexpected(AdminError{kind, "admin.socket " + path + ": " + what});
  };
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return fault(AdminFault::refused, "path too long");
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const int socket_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(socket_fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int reason = errno;
    close(socket_fd);
    const bool absent = reason == ENOENT || reason == ECONNREFUSED;
    return fault(absent ? AdminFault::not_running : AdminFault::refused,
                 absent ? "no engine is running there" : std::strerror(reason));
  }
  std::string reply;
  if (send(socket_fd, request.data(), request.size(), MSG_NOSIGNAL) ==
      static_cast<ssize_t>(request.size())) {
    char buffer[65536];
    for (ssize_t n; (n = read(socket_fd, buffer, sizeof buffer)) > 0;)
      reply.append(buffer, static_cast<std::size_t>(n));
  }
  close(socket_fd);
  return reply;
}

}  // namespace

std::expected<nlohmann::json, AdminError> ask_engine(const std::string& socket_path,
                                                     const nlohmann::json& request) {
  auto reply = converse(socket_path, request.dump() + "\n");
  if (!reply) return std::unexpected(reply.error());
  auto answer = nlohmann::json::parse(*reply, nullptr, false);
  if (answer.is_discarded())
    return std::unexpected(AdminError{AdminFault::refused, "the engine gave no answer"});
  if (answer.contains("error"))
    return std::unexpected(AdminError{AdminFault::refused, answer["error"].get<std::string>()});
  return answer;
}

}  // namespace sluice::tools
