// The certificates in use, for the admin socket and the commands.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "tls/certificate.h"

namespace sluice::control {

class Engine;

// {"hostname":…, "listeners":[{"name","hostname","tls","certificates":[…]}], "warnings":[…]}
nlohmann::json certificates_in_use(Engine& engine);
nlohmann::json certificate_json(const tls::CertificateFacts& facts);

}  // namespace sluice::control
