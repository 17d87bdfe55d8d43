#include "engine/worker/back_pressure.h"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::worker {

const char* name_of(PressureLevel level) noexcept {
  switch (level) {
    case PressureLevel::low: return "low";
    case PressureLevel::medium: return "medium";
    case PressureLevel::high: return "high";
  }
  return "";
}

const char* name_of(Resource resource) noexcept {
  switch (resource) {
    case Resource::queue: return "queue";
    case Resource::disk: return "disk";
    case Resource::memory: return "memory";
  }
  return "";
}

std::optional<PressureLevel> BackPressure::update(Resource resource, std::uint64_t value) noexcept {
  const config::PressureEdges edge = edges(resource);
  Reading& reading = readings_[static_cast<std::size_t>(resource)];
  const PressureLevel before = reading.level;
  reading.value = value;
  if (value >= edge.high || (before == PressureLevel::high && value > edge.high_ends))
    reading.level = PressureLevel::high;
  else if (value >= edge.medium || (before != PressureLevel::low && value > edge.medium_ends))
    reading.level = PressureLevel::medium;
  else
    reading.level = PressureLevel::low;
  return reading.level == before ? std::nullopt : std::optional(before);
}

PressureLevel BackPressure::level() const noexcept {
  return std::ranges::max(readings_, {}, &Reading::level).level;
}

config::PressureEdges BackPressure::edges(Resource resource) const noexcept {
  switch (resource) {
    case Resource::queue: return limits_.queue();
    case Resource::disk: return limits_.disk();
    case Resource::memory: break;
  }
  return limits_.memory();
}

std::string describe(Resource resource, const BackPressure::Reading& reading) {
  const char* const of = resource == Resource::queue  ? " messages wait for a scan"
                         : resource == Resource::disk ? " % of the queue's file system in use"
                                                      : " % of the message blocks in use";
  return fmt::format("{} {} ({}{})", name_of(resource), name_of(reading.level), reading.value, of);
}

}  // namespace sluice::worker
