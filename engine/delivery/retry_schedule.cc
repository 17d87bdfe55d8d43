#include "engine/delivery/retry_schedule.h"

#include <algorithm>

namespace sluice::delivery {

RetryTable retry_table(const config::Delivery& config, const config::ReplyRule* rule,
                       bool null_sender) noexcept {
  RetryTable table{&config.retry, config.retry_spread,
                   null_sender ? config.bounce_expire : config.expire};
  if (rule == nullptr) return table;
  if (!rule->retry.empty()) table.waits = &rule->retry;
  if (rule->expire.ns > 0) table.expire = rule->expire;
  return table;
}

Duration retry_wait(const RetryTable& table, unsigned failures, Random& random) noexcept {
  const std::size_t index = std::min<std::size_t>(failures, table.waits->size() - 1);
  const Duration wait = (*table.waits)[index];
  const auto spread = static_cast<std::uint64_t>(wait.ns / 100 * table.spread);
  return wait + nanoseconds(static_cast<std::int64_t>(random.below(spread + 1)));
}

std::optional<WallTime> next_attempt(const RetryTable& table, WallTime received, WallTime now,
                                     unsigned failures, Random& random) noexcept {
  const WallTime end = received + table.expire;
  if (now >= end) return {};
  return std::min(now + retry_wait(table, failures, random), end);
}

Duration longest_wait(const config::Config& config) noexcept {
  Duration longest = *std::ranges::max_element(config.delivery.retry);
  for (const config::ReplyRule& rule : config.reply_rules)
    for (const Duration wait : rule.retry) longest = std::max(longest, wait);
  return longest * 2;  // with all of the spread
}

}  // namespace sluice::delivery
