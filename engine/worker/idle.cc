#include "engine/worker/idle.h"

#include <unistd.h>
#include <x86intrin.h>

#include <algorithm>

#include "engine/worker/worker.h"

namespace sluice::worker {

Idle::Idle(config::IdlePolicy policy, const Worker& worker, int wake_descriptor) : policy_(policy) {
  descriptors_.push_back({wake_descriptor, POLLIN, 0});
  for (int descriptor : worker.wait_descriptors()) {
    if (descriptor < 0) {
      blind_port_ = true;
    } else {
      descriptors_.push_back({descriptor, POLLIN, 0});
    }
  }
}

void Idle::wait(const Worker& worker, Instant now) noexcept {
  ++empty_ticks_;
  if (policy_ == config::IdlePolicy::spin || empty_ticks_ < kSpinTicks) {
    _mm_pause();
    return;
  }
  Duration longest = kLongestSleep;
  if (worker.polls()) {
    longest = kShortestNap;  // a commit is on its way to the disk
  } else if (blind_port_) {
    const unsigned doublings = std::min((empty_ticks_ - kSpinTicks) / 16, 6u);
    longest = std::min(kShortestNap * (1 << doublings), kLongestNap);
  }
  const Duration sleep = std::min(longest, worker.next_deadline() - now);
  if (sleep.ns <= 0) return;
  const timespec timeout{sleep.ns / 1'000'000'000, sleep.ns % 1'000'000'000};
  if (ppoll(descriptors_.data(), descriptors_.size(), &timeout, nullptr) <= 0) return;
  if ((descriptors_[0].revents & POLLIN) != 0) {
    std::uint64_t count = 0;
    (void)!read(descriptors_[0].fd, &count, sizeof count);
  }
}

}  // namespace sluice::worker
