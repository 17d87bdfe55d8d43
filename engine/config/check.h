// What no single key can show: names that must exist, values that must agree, the machine.
#pragma once

#include <vector>

#include "engine/config/bind.h"
#include "engine/config/config.h"

namespace sluice::config {

// What the checks know of the machine that the file is meant for.
struct Machine {
  std::vector<unsigned> cpus;  // that this process may run on

  static const Machine& here();
};

void check(const Config& config, const Machine& machine, Reading& reading);

}  // namespace sluice::config
