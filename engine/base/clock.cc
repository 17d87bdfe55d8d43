#include "engine/base/clock.h"

#include <ctime>

namespace sluice {
namespace {

std::int64_t read_clock(clockid_t id) noexcept {
  timespec t{};
  clock_gettime(id, &t);
  return static_cast<std::int64_t>(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
}

}  // namespace

Instant SystemClock::now() noexcept { return {read_clock(CLOCK_MONOTONIC)}; }
WallTime SystemClock::wall() noexcept { return {read_clock(CLOCK_REALTIME)}; }

}  // namespace sluice
