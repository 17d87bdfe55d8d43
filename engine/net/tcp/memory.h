// What one connection can make a stack hold, buffers not counted: for the plan of memory.
#pragma once

#include "engine/net/tcp/bbr.h"
#include "engine/net/tcp/episode.h"
#include "engine/net/tcp/time_wait.h"

namespace sluice::net::tcp {

inline constexpr std::size_t kSlabLink = sizeof(std::uint32_t);
inline constexpr std::size_t kOpenBytes = sizeof(Tcb) + kSlabLink + 2 * sizeof(FlowRef);
inline constexpr std::size_t kEpisodeBytes = sizeof(Episode) + kSlabLink;
inline constexpr std::size_t kModelBytes = sizeof(Bbr) + kSlabLink;
inline constexpr std::size_t kTimeWaitBytes = sizeof(TimeWait) + kSlabLink;

}  // namespace sluice::net::tcp
