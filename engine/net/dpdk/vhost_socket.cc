#include "engine/net/dpdk/vhost_socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

namespace sluice::net {
namespace {

std::string_view argument(std::string_view device, std::string_view key) {
  while (!device.empty()) {
    const std::size_t comma = device.find(',');
    const std::string_view part = device.substr(0, comma);
    if (part.starts_with(key)) return part.substr(key.size());
    device = comma == std::string_view::npos ? std::string_view() : device.substr(comma + 1);
  }
  return {};
}

bool is_socket(const std::string& path) {
  struct stat status;
  return lstat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode);
}

bool somebody_listens(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (probe < 0) return false;
  const bool connected =
      connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  close(probe);
  return connected;
}

}  // namespace

std::string vhost_socket_path(std::string_view device) {
  if (!device.starts_with("net_vhost") && !device.starts_with("eth_vhost")) return {};
  if (argument(device, "client=") == "1") return {};
  return std::string(argument(device, "iface="));
}

std::expected<void, std::string> free_vhost_socket(std::string_view device) {
  const std::string path = vhost_socket_path(device);
  if (path.empty() || access(path.c_str(), F_OK) != 0) return {};
  if (path.size() >= sizeof(sockaddr_un::sun_path))
    return std::unexpected("the path of the vhost socket is too long: " + path);
  if (!is_socket(path)) return std::unexpected(path + " exists and is not a socket");
  if (somebody_listens(path)) return std::unexpected(path + " is in use by another process");
  unlink(path.c_str());
  return {};
}

void remove_vhost_socket(std::string_view device) {
  const std::string path = vhost_socket_path(device);
  if (!path.empty() && is_socket(path)) unlink(path.c_str());
}

}  // namespace sluice::net
