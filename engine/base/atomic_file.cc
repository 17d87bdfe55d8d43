#include "engine/base/atomic_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace sluice {
namespace {

bool write_all(int file, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = write(file, content.data(), content.size());
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) content.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

std::expected<void, std::string> replace_file(const std::string& path, std::string_view content) {
  const std::string fresh = path + ".new";
  const int file = open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return std::unexpected(fresh + ": " + std::strerror(errno));
  const bool stored = write_all(file, content) && fsync(file) == 0;
  const int reason = errno;
  close(file);
  if (!stored) return std::unexpected(fresh + ": " + std::strerror(reason));
  std::error_code error;
  std::filesystem::rename(fresh, path, error);
  if (error) return std::unexpected(path + ": " + error.message());
  return {};
}

}  // namespace sluice
