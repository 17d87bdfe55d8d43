#include "engine/config/pressure_keys.h"

#include <fmt/format.h>

#include "engine/config/kinds.h"

namespace sluice::config {
namespace {

constexpr std::int64_t kMessagesMax = 100'000'000;

}  // namespace

std::vector<Key<BackPressure>> pressure_keys() {
  return {
      {"queue_medium", integer(&BackPressure::queue_medium, 1, kMessagesMax),
       "messages of a worker waiting for a scan at which outside senders get a 452"},
      {"queue_high", integer(&BackPressure::queue_high, 1, kMessagesMax),
       "… at which nobody may send: 421 to new connections"},
      {"queue_high_ends", integer(&BackPressure::queue_high_ends, 0, kMessagesMax),
       "… at which it is medium again"},
      {"queue_medium_ends", integer(&BackPressure::queue_medium_ends, 0, kMessagesMax),
       "… at which everybody may send again"},
      {"disk_medium", integer(&BackPressure::disk_medium, 1, 100),
       "per cent of the queue's file system in use; the same four"},
      {"disk_high", integer(&BackPressure::disk_high, 1, 100), "…"},
      {"disk_high_ends", integer(&BackPressure::disk_high_ends, 0, 100), "…"},
      {"disk_medium_ends", integer(&BackPressure::disk_medium_ends, 0, 100), "…"},
      {"memory_medium", integer(&BackPressure::memory_medium, 1, 100),
       "per cent of a worker's message blocks in use; the same four"},
      {"memory_high", integer(&BackPressure::memory_high, 1, 100), "…"},
      {"memory_high_ends", integer(&BackPressure::memory_high_ends, 0, 100), "…"},
      {"memory_medium_ends", integer(&BackPressure::memory_medium_ends, 0, 100), "…"},
  };
}

std::vector<std::pair<std::string, std::string>> pressure_faults(const BackPressure& pressure) {
  std::vector<std::pair<std::string, std::string>> faults;
  const auto below = [&](const std::string& low, std::uint32_t low_value, const std::string& high,
                         std::uint32_t high_value, bool may_be_equal) {
    if (low_value < high_value || (may_be_equal && low_value == high_value)) return;
    faults.emplace_back(
        low, fmt::format("{} {} is not below {} ({})", low, low_value, high, high_value));
  };
  const auto rises = [&](const std::string& name, const PressureEdges& edges) {
    below(name + "_medium_ends", edges.medium_ends, name + "_medium", edges.medium, false);
    below(name + "_medium", edges.medium, name + "_high_ends", edges.high_ends, true);
    below(name + "_high_ends", edges.high_ends, name + "_high", edges.high, false);
  };
  rises("queue", pressure.queue());
  rises("disk", pressure.disk());
  rises("memory", pressure.memory());
  return faults;
}

}  // namespace sluice::config
