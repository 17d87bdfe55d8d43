// What the operator has decided: control keeps it on the disk, every worker follows it.
#pragma once

#include <string>
#include <vector>

#include "engine/delivery/delivery.h"

namespace sluice::worker {

struct Directives {
  bool accept_paused = false;           // new connections get a 421
  bool scan_paused = false;             // mail is taken unscanned and waits
  bool delivery_paused = false;         // nothing new is sent
  std::vector<std::string> held_hosts;  // lower case
  std::vector<delivery::Redirect> redirects;
};

}  // namespace sluice::worker
