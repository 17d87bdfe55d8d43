#include "engine/control/certificate_commands.h"

#include <nlohmann/json.hpp>

#include "engine/control/engine.h"
#include "engine/control/listener_tls.h"

namespace sluice::control {

using nlohmann::json;

json certificate_json(const tls::CertificateFacts& facts) {
  return {{"subject", facts.subject},
          {"issuer", facts.issuer},
          {"names", facts.names},
          {"serial", facts.serial},
          {"fingerprint", facts.fingerprint},
          {"key_id", facts.key_id},
          {"key", facts.key_kind},
          {"not_before", date_text(facts.not_before)},
          {"not_after", date_text(facts.not_after)},
          {"self_signed", facts.self_signed}};
}

json certificates_in_use(Engine& engine) {
  const worker::Generation& generation = engine.generation();
  json listeners = json::array();
  for (std::size_t i = 0; i < generation.certificates.size(); ++i) {
    const config::Listener& listener = generation.config->listeners[i];
    json shown = json::array();
    for (const tls::CertificateFacts& facts : generation.certificates[i])
      shown.push_back(certificate_json(facts));
    listeners.push_back({{"name", listener.name},
                         {"hostname", listener.hostname},
                         {"tls", listener.tls != config::Tls::off},
                         {"certificates", std::move(shown)}});
  }
  const CertificateStore store(generation.config->tls.store);
  return {{"hostname", generation.config->hostname},
          {"listeners", std::move(listeners)},
          {"warnings", certificate_warnings(generation, SystemClock().wall(), store.newest())}};
}

}  // namespace sluice::control
