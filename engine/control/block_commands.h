// The commands of the block list: block.add, block.remove, block.list.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

namespace sluice::control {

class Engine;

nlohmann::json block_command(Engine& engine, std::string_view command,
                             const nlohmann::json& request);

}  // namespace sluice::control
