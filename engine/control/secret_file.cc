#include "engine/control/secret_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace sluice::control {
namespace {

constexpr std::size_t kFileBytesMax = 4'096;

std::expected<std::string, std::string> read_from(int fd) {
  struct stat status{};
  if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) return std::unexpected("is not a file");
  if ((status.st_mode & 077) != 0)
    return std::unexpected(
        fmt::format("has mode {:04o}: others may read it; chmod 600", status.st_mode & 07777));
  std::array<char, kFileBytesMax> text;
  const ssize_t count = read(fd, text.data(), text.size());
  if (count < 0) return std::unexpected(std::generic_category().message(errno));
  return std::string(text.data(), static_cast<std::size_t>(count));
}

}  // namespace

std::expected<std::string, std::string> read_secret_file(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0)
    return std::unexpected(fmt::format("{}: {}", path, std::generic_category().message(errno)));
  auto found = read_from(fd);
  close(fd);
  if (!found) return std::unexpected(fmt::format("{}: {}", path, found.error()));
  return found;
}

}  // namespace sluice::control
