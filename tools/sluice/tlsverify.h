// `sluice tlsverify NAME`: a listener or a destination.
#pragma once

#include <string>
#include <vector>

#include "engine/config/config.h"

namespace sluice::tools {

struct VerifyOptions {
  std::string name;
  std::string address;          // look here instead of where the configuration says
  std::vector<std::string> mx;  // of a listener, instead of a question to DNS
  std::string resolver;
  bool as_json = false;
};

int verify_listener(const config::Config& config, const config::Listener& listener,
                    const VerifyOptions& options);

}  // namespace sluice::tools
