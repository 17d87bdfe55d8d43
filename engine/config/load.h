// The configuration file: TOML text in, one immutable Config or every problem of the text out.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "engine/config/check.h"
#include "engine/config/config.h"
#include "engine/config/problem.h"

namespace sluice::config {

using Loaded = std::expected<std::shared_ptr<const Config>, Problems>;

// Relative paths in the file are relative to the folder of the file; in Config they are ready for
// use. The checks against the machine use `machine`.
Loaded load_file(const std::string& path, const Machine& machine = Machine::here());

// `name` stands for the file in messages and decides what relative paths are relative to.
Loaded load_text(std::string_view text, std::string name, const Machine& machine = Machine::here());

struct KeyFacts {
  std::string table;  // "delivery", "[listener]" for one that may be repeated; "": at the top
  std::string name;
  bool required = false;
  std::string shown;  // the default, or an example of what is required
  std::string allowed;
  std::string meaning;
};
std::vector<KeyFacts> all_keys();

// The same as a file that loads.
std::string describe_defaults();

}  // namespace sluice::config
