// How hard each resource is pressed, and so who may still send: Low: everybody; Medium: only hosts
// that may relay; High: nobody. Each level begins and ends at values of its own, so that a value
// that trembles changes nothing.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "engine/config/config.h"

namespace sluice::worker {

enum class PressureLevel : std::uint8_t { low, medium, high };
enum class Resource : std::uint8_t { queue, disk, memory };
inline constexpr std::size_t kResources = 3;

const char* name_of(PressureLevel level) noexcept;
const char* name_of(Resource resource) noexcept;

class BackPressure {
 public:
  struct Reading {
    PressureLevel level = PressureLevel::low;
    std::uint64_t value = 0;  // messages, or per cent
  };
  using Readings = std::array<Reading, kResources>;

  void configure(const config::BackPressure& limits) noexcept { limits_ = limits; }
  // The level before, when this value changes it.
  std::optional<PressureLevel> update(Resource resource, std::uint64_t value) noexcept;

  PressureLevel level() const noexcept;  // of the resource that is pressed hardest
  const Readings& readings() const noexcept { return readings_; }

 private:
  config::PressureEdges edges(Resource resource) const noexcept;

  config::BackPressure limits_;
  Readings readings_{};
};

// "queue medium (9999 messages wait for a scan)"
std::string describe(Resource resource, const BackPressure::Reading& reading);

}  // namespace sluice::worker
