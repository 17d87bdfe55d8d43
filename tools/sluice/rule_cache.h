// Where commands that run without an engine keep compiled rules, and how many threads compile them.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>

namespace sluice::tools {

// XDG Base Directory: $XDG_CACHE_HOME, else ~/.cache; empty when neither is known.
inline std::string rule_cache() {
  const char* const cache = std::getenv("XDG_CACHE_HOME");
  const char* const home = std::getenv("HOME");
  std::string folder = cache != nullptr ? cache : "";
  if (folder.empty() && home != nullptr && *home != 0) folder = std::string(home) + "/.cache";
  if (folder.empty()) return {};
  std::error_code fault;
  std::filesystem::create_directories(folder, fault);
  return folder + "/sluice-rules";
}

inline unsigned compile_threads() {
  return std::clamp(std::thread::hardware_concurrency(), 1U, 16U);
}

}  // namespace sluice::tools
