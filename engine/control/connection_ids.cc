#include "engine/control/connection_ids.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace sluice::control {
namespace {

int open_file(const std::string& path) {
  return open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}

}  // namespace

std::expected<ConnectionIds, std::string> ConnectionIds::open(const std::string& directory) {
  ConnectionIds ids;
  ids.path_ = directory + "/connection_ids";
  std::ifstream file(ids.path_);
  if (file && !(file >> ids.base_))
    return std::unexpected(ids.path_ +
                           ": holds no number; write the highest ICID of mail_logs to it");
  if (auto reserved = ids.reserve(ids.base_ + kStretch); !reserved)
    return std::unexpected(reserved.error());
  return ids;
}

std::expected<void, std::string> ConnectionIds::keep_ahead(std::uint64_t used) {
  if (base_ + used + kStretch / 2 < reserved_) return {};
  return reserve(base_ + used + kStretch);
}

// Written beside, synced and renamed over: a crash leaves the old number or the new one.
std::expected<void, std::string> ConnectionIds::reserve(std::uint64_t until) {
  const std::string fresh = path_ + ".new";
  const std::string text = std::to_string(until) + "\n";
  const int file = open_file(fresh);
  if (file < 0) return std::unexpected(fresh + ": " + std::strerror(errno));
  const bool stored = write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                      fsync(file) == 0;
  const int reason = errno;
  close(file);
  if (!stored) return std::unexpected(fresh + ": " + std::strerror(reason));
  std::error_code error;
  std::filesystem::rename(fresh, path_, error);
  if (error) return std::unexpected(path_ + ": " + error.message());
  reserved_ = until;
  return {};
}

}  // namespace sluice::control
