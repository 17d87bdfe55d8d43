// The options that say which messages a command is about.
#pragma once

#include <expected>
#include <nlohmann/json.hpp>

#include "tools/sluice/command.h"

namespace sluice::tools {

struct SelectorOptions {
  std::vector<std::uint64_t> mids;
  std::string sender, recipient, domain, queue;
  std::string older_than, younger_than, larger_than, smaller_than;
  int scl_min = -1;
  int scl_max = 9;
  bool held = false;
  std::string state;
  bool everything = false;
};

// `acts`: the command changes messages, and without any selector wants --everything.
void add_selector(CLI::App& command, SelectorOptions& selector, bool acts);

// As the engine and control::parse_selector() read it; the error names the option.
std::expected<nlohmann::json, std::string> selector_json(const SelectorOptions& selector);

}  // namespace sluice::tools
