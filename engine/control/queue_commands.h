// The commands "queue.*" over the messages of a running engine.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace sluice::control {

class Engine;

nlohmann::json queue_command(Engine& engine, std::string_view command,
                             const nlohmann::json& request, const std::string& by);

}  // namespace sluice::control
