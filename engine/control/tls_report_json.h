// The tally of TLS sessions as JSON: with the names of RFC 8460 4.4, in reports and on disk.
#pragma once

#include <nlohmann/json.hpp>

#include "engine/base/clock.h"
#include "engine/delivery/tls_tally.h"

namespace sluice::control {

// The value of "policies" in the report to one domain.
nlohmann::json policies_json(const std::string& domain, const delivery::TlsDomainTally& tally);

// All domains, and back. Throws nlohmann's exceptions on what is not of this form.
nlohmann::json tally_json(const delivery::TlsTally& tally);
void add_tally(const nlohmann::json& from, delivery::TlsTally& into);

std::string rfc3339(WallTime at);  // "2026-08-13T00:00:00Z"

}  // namespace sluice::control
