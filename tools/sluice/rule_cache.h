// Where commands that run without an engine keep compiled rules, and how many threads compile them.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <string>
#include <thread>

namespace sluice::tools {

// XDG Base Directory: $XDG_CACHE_HOME, else ~/.cache; empty when neither is known.
inline std::string rule_cache() {
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache != 0)
    return std::string(cache) + "/sluice-rules";
  const char* const home = std::getenv("HOME");
  return home != nullptr && *home != 0 ? std::string(home) + "/.cache/sluice-rules" : "";
}

inline unsigned compile_threads() {
  return std::clamp(std::thread::hardware_concurrency(), 1U, 16U);
}

}  // namespace sluice::tools
