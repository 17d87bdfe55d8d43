#include "engine/control/connection_ids.h"

#include <fstream>

#include "engine/base/atomic_file.h"

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

std::expected<void, std::string> ConnectionIds::reserve(std::uint64_t until) {
  if (auto stored = replace_file(path_, std::to_string(until) + "\n"); !stored) return stored;
  reserved_ = until;
  return {};
}

}  // namespace sluice::control
