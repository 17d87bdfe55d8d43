// What a worker does when a tick found nothing: spin, or sleep until a descriptor is readable or
// the next deadline (`[cores] idle`). A port without a descriptor (most virtual devices) is looked
// at again after a short sleep that grows to kLongestNap while nothing comes.
#pragma once

#include <poll.h>

#include <vector>

#include "engine/base/clock.h"
#include "engine/config/config.h"

namespace sluice::worker {

class Worker;

class Idle {
 public:
  // `wake_descriptor`: an eventfd that the control thread writes to.
  Idle(config::IdlePolicy policy, const Worker& worker, int wake_descriptor);

  void worked() noexcept { empty_ticks_ = 0; }
  void wait(const Worker& worker, Instant now) noexcept;

 private:
  static constexpr unsigned kSpinTicks = 256;
  static constexpr Duration kShortestNap = microseconds(20);
  static constexpr Duration kLongestNap = milliseconds(1);
  static constexpr Duration kLongestSleep = milliseconds(100);

  config::IdlePolicy policy_;
  std::vector<pollfd> descriptors_;
  bool blind_port_ = false;  // a transport that only polling sees
  unsigned empty_ticks_ = 0;
};

}  // namespace sluice::worker
