// When to try again: by a table of waits, until the message has been in the queue for too long.
#pragma once

#include <optional>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/random.h"
#include "engine/config/config.h"

namespace sluice::delivery {

struct RetryTable {
  const std::vector<Duration>* waits =
      nullptr;               // after the first, second … failure; the last goes on
  std::uint32_t spread = 0;  // per cent of a wait, at random on top of it
  Duration expire{};         // age at which no further attempt is made
};

// What the configuration says; `rule` may be null. A bounce (null sender) lives shorter.
RetryTable retry_table(const config::Delivery& config, const config::ReplyRule* rule,
                       bool null_sender) noexcept;

// After `failures` earlier failed attempts.
Duration retry_wait(const RetryTable& table, unsigned failures, Random& random) noexcept;

// After an attempt that failed at `now`. The last attempt is made when the message expires; nullopt
// once that has failed too.
std::optional<WallTime> next_attempt(const RetryTable& table, WallTime received, WallTime now,
                                     unsigned failures, Random& random) noexcept;

// No wait of this configuration is longer.
Duration longest_wait(const config::Config& config) noexcept;

}  // namespace sluice::delivery
