// Which messages of the queue a command is about. The same for a running engine and for its files.
#pragma once

#include <cstdint>
#include <expected>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "queueing/queued_message.h"

namespace sluice::control {

struct Selector {
  std::vector<Mid> mids;  // empty: any
  std::string sender;     // pattern with '*', in lower case; "<>" is the null sender
  std::string recipient;  // of one that is pending
  std::string domain;     // of a pending recipient
  std::optional<std::int64_t> older_than;  // seconds
  std::optional<std::int64_t> younger_than;
  std::optional<std::uint64_t> larger_than;  // octets
  std::optional<std::uint64_t> smaller_than;
  std::optional<int> scl_min;
  std::optional<int> scl_max;
  std::string queue;  // "inbound", "outbound", "delivery"
  bool held = false;  // only those in Stage::held
  std::string state;  // a stage_name()
  Mid mid_min = 0;    // pages of a listing
  Mid mid_max = UINT64_MAX;

  bool matches(const queueing::QueuedMessage& message, WallTime now) const;
};

std::expected<Selector, std::string> parse_selector(const nlohmann::json& request);

std::string_view queue_name(queueing::QueueName queue) noexcept;
std::string_view stage_name(queueing::Stage stage) noexcept;

}  // namespace sluice::control
