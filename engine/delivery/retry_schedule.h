// When to try again: retry_first after the first failure, doubling up to retry_max, until the
// message has been in the queue for `expire` (bounce_expire for one with the null sender).
#pragma once

#include <optional>

#include "engine/base/clock.h"
#include "engine/base/random.h"
#include "engine/config/config.h"

namespace sluice::delivery {

// After `failures` earlier failed attempts. Up to an eighth is added at random, so that messages
// that failed together do not come back together.
Duration retry_delay(const config::Delivery& config, unsigned failures, Random& random) noexcept;

struct QueueLife {
  WallTime received;
  bool null_sender = false;
};

// After an attempt that failed at `now`. The last attempt is made when the message expires; nullopt
// once that has failed too.
std::optional<WallTime> next_attempt(const config::Delivery& config, const QueueLife& life,
                                     WallTime now, unsigned failures, Random& random) noexcept;

}  // namespace sluice::delivery
