// The memory that a configuration takes, as sums with a reason per term: what `sluice plan` prints.
// Nothing on a worker grows past these terms while it runs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/config/config.h"

namespace sluice::worker {

struct MemoryTerm {
  std::string name;
  std::uint64_t count = 0;
  std::uint64_t bytes_each = 0;
  std::string reason;
  std::uint64_t bytes() const { return count * bytes_each; }
};

struct MemoryPlan {
  std::vector<MemoryTerm> per_worker;
  std::vector<MemoryTerm> shared;
  std::uint64_t worker_bytes() const;
  std::uint64_t total_bytes(std::size_t workers) const;
};

// Read buffers per worker for plain text that a session has not taken yet; a few are in use at
// once.
inline constexpr std::size_t kTlsSpareBuffers = 64;

// `scan_bytes`: scan::Scanner::message_bytes() with the configured rules.
MemoryPlan plan_memory(const config::Config& config, std::uint64_t scan_bytes);

}  // namespace sluice::worker
