#include "engine/antivirus/virus_engine.h"

#include "engine/antivirus/clamd.h"
#include "engine/antivirus/icap.h"

namespace sluice::antivirus {

std::unique_ptr<VirusEngine> make_virus_engine(const config::Antivirus& config) {
  switch (config.engine) {
    case config::VirusEngine::clamd:
      return std::make_unique<Clamd>(config.server, config.connect_timeout);
    case config::VirusEngine::icap:
      return std::make_unique<Icap>(config.server, config.icap_service, config.icap_method,
                                    config.connect_timeout);
    case config::VirusEngine::none: break;
  }
  return nullptr;
}

}  // namespace sluice::antivirus
