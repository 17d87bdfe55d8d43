// How full the queue's file system is, looked up now and then by the control thread for the
// workers, who make no system calls.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "engine/base/clock.h"

namespace sluice::control {

class DiskMeter {
 public:
  static constexpr Duration kPeriod = seconds(1);

  void poll(Instant now, const std::string& directory) noexcept;
  // Per cent in use, of what an ordinary user could have.
  const std::atomic<std::uint32_t>& used_percent() const noexcept { return used_percent_; }

 private:
  Instant due_{INT64_MIN};
  std::atomic<std::uint32_t> used_percent_{0};
};

}  // namespace sluice::control
