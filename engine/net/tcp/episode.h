// What a connection keeps only while something is missing, in either direction, so that one that is
// in order does without it.
#pragma once

#include "engine/net/tcp/rack.h"
#include "engine/net/tcp/recovery.h"
#include "engine/net/tcp/sack_report.h"

namespace sluice::net::tcp {

struct Episode {
  // `una`: SND.UNA.
  explicit Episode(Sequence una) noexcept : rack(una) {
    recovery.point = recovery.kept_until = una - 1;  // nothing before is in doubt
  }

  Recovery recovery;  // of what the peer misses
  Rack rack;
  SackReport sack_report;  // of what we miss
};

}  // namespace sluice::net::tcp
