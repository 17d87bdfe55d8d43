// What a configuration has become before the workers take it over: checked, read from its files,
// compiled. A reload makes another; sessions and messages finish on the one they began with.
#pragma once

#include <memory>
#include <vector>

#include "engine/config/config.h"
#include "engine/delivery/delivery.h"
#include "scanners/scanner.h"
#include "tls/certificate.h"
#include "tls/context.h"

namespace sluice::scan::bayes {
struct Models;
}

namespace sluice::worker {

struct Generation {
  std::shared_ptr<const config::Config> config;
  std::shared_ptr<const scan::RuleSet> rules;
  std::shared_ptr<const scan::bayes::Models> models;     // of the classifier; may be null
  std::vector<std::shared_ptr<const tls::Context>> tls;  // of each listener; null where it is off
  delivery::ClientContexts client_tls;
  // What each listener shows, for people; the engine itself asks `tls`.
  std::vector<std::vector<tls::CertificateFacts>> certificates;
  std::vector<std::string> certificate_notes;  // what is left out of them, and why
};

}  // namespace sluice::worker
