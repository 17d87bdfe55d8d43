#include "engine/worker/handshake_offload.h"

namespace sluice::worker {

HandshakeOffload::HandshakeOffload(const std::vector<OffloadCore*>& cores, std::size_t jobs_max,
                                   std::uint32_t inline_per_second)
    : jobs_(jobs_max), inline_per_second_(inline_per_second) {
  for (OffloadCore* core : cores) lender_.add(*core, core->add_lane(jobs_max));
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
  job->abandoned.store(false, std::memory_order_relaxed);
  return *job;
}

void HandshakeOffload::submit(HandshakeJob& job) noexcept { lender_.lend(job); }

HandshakeJob* HandshakeOffload::next_completed() noexcept {
  while (HandshakeJob* const job = lender_.next_returned()) {
    if (!job->abandoned) return job;
    end(*job);
  }
  return nullptr;
}

void HandshakeOffload::end(HandshakeJob& job) noexcept {
  if (job.in_flight) {
    job.abandoned.store(true, std::memory_order_relaxed);
    return;
  }
  job.session.reset();
  jobs_.release(job);
}

}  // namespace sluice::worker
