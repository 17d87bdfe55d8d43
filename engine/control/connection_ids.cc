#include "engine/control/connection_ids.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace sluice::control {

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

// Written beside and renamed over: a crash leaves the old number or the new one.
std::expected<void, std::string> ConnectionIds::reserve(std::uint64_t until) {
  const std::string fresh = path_ + ".new";
  {
    std::ofstream file(fresh, std::ios::trunc);
    file << until << '\n';
    if (!file.flush()) return std::unexpected(fresh + ": " + std::strerror(errno));
  }
  std::error_code error;
  std::filesystem::rename(fresh, path_, error);
  if (error) return std::unexpected(path_ + ": " + error.message());
  reserved_ = until;
  return {};
}

}  // namespace sluice::control
