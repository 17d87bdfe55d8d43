// Mail-like messages of a wanted size, the same for the same seed.
#pragma once

#include <cstdint>
#include <vector>

#include "tools/loadgen/message_set.h"

namespace sluice::load {

// A few hundred variants, fewer when they are large (all together at most 64 MiB, at least 8).
std::vector<Message> make_synthetic(std::uint32_t size, std::uint64_t seed);

}  // namespace sluice::load
