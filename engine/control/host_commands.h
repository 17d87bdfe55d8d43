// The commands "host.*": the recipient hosts of the delivery queue, for tophosts, hoststatus,
// showrecipients and deleterecipients.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "queueing/host_index.h"

namespace sluice::control {

class Engine;

nlohmann::json host_command(Engine& engine, std::string_view command, const nlohmann::json& request,
                            const std::string& by);

// Takes over from the workers what hosts have said, and keeps it on the disk. With a period: only
// when so much time has passed since the last time.
void remember_answers(Engine& engine, Instant now, Duration period = {});

// One host of one core; add_host_row() adds up those of several.
nlohmann::json host_row(const queueing::HostRecord& host);
void add_host_row(nlohmann::json& sum, const nlohmann::json& row);
nlohmann::json recipient_row(const queueing::QueuedMessage& message, Rid rid, WallTime now);

}  // namespace sluice::control
