#include "engine/worker/handshake_offload.h"

#include <algorithm>
#include <bit>

namespace sluice::worker {

HandshakeLane::HandshakeLane(std::size_t jobs_max)
    : submitted(std::bit_ceil(std::max<std::size_t>(jobs_max, 2))),
      completed(std::bit_ceil(std::max<std::size_t>(jobs_max, 2))) {}

HandshakeLane& OffloadCore::add_lane(std::size_t jobs_max) {
  return *lanes_.emplace_back(std::make_unique<HandshakeLane>(jobs_max));
}

void OffloadCore::run() {
  while (!stopping_.load(std::memory_order_acquire)) {
    const std::uint32_t heard = bell_.load(std::memory_order_acquire);
    if (run_once() == 0 && !stopping_.load(std::memory_order_acquire))
      bell_.wait(heard, std::memory_order_acquire);
  }
}

std::size_t OffloadCore::run_once() {
  std::size_t count = 0;
  for (const auto& lane : lanes_) {
    HandshakeJob* job = nullptr;
    if (!lane->submitted.pop(job)) continue;
    job->outcome = job->session.handshake();
    const bool pushed = lane->completed.push(std::move(job));
    SLUICE_ASSERT(pushed);
    ++count;
  }
  return count;
}

void OffloadCore::ring() noexcept {
  bell_.fetch_add(1, std::memory_order_release);
  bell_.notify_one();  // a system call only when it sleeps
}

void OffloadCore::stop() noexcept {
  stopping_.store(true, std::memory_order_release);
  ring();
}

HandshakeOffload::HandshakeOffload(const std::vector<OffloadCore*>& cores, std::size_t jobs_max,
                                   std::uint32_t inline_per_second)
    : jobs_(jobs_max), inline_per_second_(inline_per_second) {
  for (OffloadCore* core : cores) seats_.push_back({core, &core->add_lane(jobs_max)});
  SLUICE_ASSERT(!seats_.empty());
}

bool HandshakeOffload::takes_one(Instant now) noexcept {
  if (now - second_begin_ >= seconds(1)) {
    second_begin_ = now;
    inline_left_ = inline_per_second_;
  }
  if (inline_left_ == 0) return true;
  --inline_left_;
  return false;
}

HandshakeJob& HandshakeOffload::begin(std::uint64_t owner) noexcept {
  HandshakeJob* job = jobs_.acquire();
  SLUICE_ASSERT(job != nullptr);
  job->owner = owner;
  job->outcome = tls::Outcome::want_input;
  job->wire.clear();
  job->abandoned = false;
  return *job;
}

void HandshakeOffload::submit(HandshakeJob& job) noexcept {
  const Seat& seat = *std::ranges::min_element(
      seats_, {}, [](const Seat& candidate) { return candidate.lane->in_flight; });
  job.lane = seat.lane;
  job.in_flight = true;
  ++seat.lane->in_flight;
  ++in_flight_;
  const bool pushed = seat.lane->submitted.push(&job);
  SLUICE_ASSERT(pushed);
  seat.core->ring();
}

HandshakeJob* HandshakeOffload::next_completed() noexcept {
  for (const Seat& seat : seats_) {
    HandshakeJob* job = nullptr;
    while (seat.lane->completed.pop(job)) {
      --seat.lane->in_flight;
      --in_flight_;
      job->in_flight = false;
      if (!job->abandoned) return job;
      end(*job);
    }
  }
  return nullptr;
}

void HandshakeOffload::end(HandshakeJob& job) noexcept {
  if (job.in_flight) {
    job.abandoned = true;
    return;
  }
  job.session.reset();
  jobs_.release(job);
}

}  // namespace sluice::worker
