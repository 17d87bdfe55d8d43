// Asks a running engine over its admin socket.
#pragma once

#include <expected>
#include <nlohmann/json.hpp>
#include <string>

namespace sluice::tools {

enum class AdminFault : unsigned char { not_running, refused };

struct AdminError {
  AdminFault fault;
  std::string text;
};

std::expected<nlohmann::json, AdminError> ask_engine(const std::string& socket_path,
                                                     const nlohmann::json& request);

}  // namespace sluice::tools
