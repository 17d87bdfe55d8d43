// The commands "mta.*": pauses, flush, held and redirected hosts.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace sluice::control {

class Engine;
class OperatorState;

// `by` is the user at the other end of the socket.
nlohmann::json mta_command(Engine& engine, std::string_view command, const nlohmann::json& request,
                           const std::string& by);

// {"accept": {"paused": false, …}, "scan": …, "delivery": …}; also for the files of a stopped
// engine.
nlohmann::json pauses_json(const OperatorState& state, bool delivery_paused_by_config);
nlohmann::json directives_json(const OperatorState& state);  // held and redirected hosts

}  // namespace sluice::control
