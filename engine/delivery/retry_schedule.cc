#include "engine/delivery/retry_schedule.h"

#include <algorithm>

namespace sluice::delivery {

Duration retry_delay(const config::Delivery& config, unsigned failures, Random& random) noexcept {
  Duration delay = std::min(config.retry_first, config.retry_max);
  for (unsigned i = 0; i < failures && delay < config.retry_max; ++i)
    delay = std::min(delay * 2, config.retry_max);
  const auto jitter = static_cast<std::uint64_t>(std::max<std::int64_t>(delay.ns / 8, 0)) + 1;
  return delay + nanoseconds(static_cast<std::int64_t>(random.below(jitter)));
}

std::optional<WallTime> next_attempt(const config::Delivery& config, const QueueLife& life,
                                     WallTime now, unsigned failures, Random& random) noexcept {
  const WallTime end = life.received + (life.null_sender ? config.bounce_expire : config.expire);
  if (now >= end) return {};
  return std::min(now + retry_delay(config, failures, random), end);
}

}  // namespace sluice::delivery
