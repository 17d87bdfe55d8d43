#include "engine/examination/desk.h"

#include <thread>

#include "engine/examination/examiner.h"

namespace sluice::examination {

Desk::Desk(const std::vector<Examiner*>& examiners, const DeskSettings& settings,
           const std::function<void()>& wake)
    : jobs_(settings.jobs_max), held_(settings.blocks_max), examiners_(examiners) {
  for (Examiner* examiner : examiners)
    lender_.add(examiner->borrower(), examiner->borrower().add_lane(settings.jobs_max, wake));
}

Job* Desk::begin(std::uint64_t owner) noexcept {
  Job* const job = jobs_.acquire();
  if (job == nullptr) return nullptr;
  job->owner = owner;
  job->octets = 0;
  job->incomplete = false;
  job->abandoned.store(false, std::memory_order_relaxed);
  job->result = {};
  return job;
}

void Desk::hold(Job& job, BlockSlice slice) noexcept {
  SLUICE_ASSERT(!job.in_flight);
  job.octets += slice.length;
  Held* const held = job.incomplete ? nullptr : held_.acquire();
  if (held == nullptr) {
    job.incomplete = true;  // of no use to anybody: its blocks are free at once
    let_go(job);
    return;
  }
  held->slice = std::move(slice);
  held->next = nullptr;
  (job.last == nullptr ? job.first : job.last->next) = held;
  job.last = held;
}

void Desk::let_go(Job& job) noexcept {
  for (Held* held = job.first; held != nullptr;) {
    Held* const next = held->next;
    held->slice.block.reset();
    held_.release(*held);
    held = next;
  }
  job.first = job.last = nullptr;
}

// Only now are the rules counted as used: most messages are never submitted, and the count is
// shared by all workers.
void Desk::submit(Job& job, std::shared_ptr<const scan::RuleSet> rules) noexcept {
  job.rules = std::move(rules);
  job.submitted = SystemClock().now();
  lender_.lend(job);
}

Job* Desk::next_completed() noexcept {
  while (Job* const job = lender_.next_returned()) {
    if (!job->abandoned) return job;
    end(*job);
  }
  return nullptr;
}

void Desk::end(Job& job) noexcept {
  if (job.in_flight) {
    job.abandoned.store(true, std::memory_order_relaxed);
    return;
  }
  let_go(job);
  job.rules.reset();
  jobs_.release(job);
}

void Desk::close() noexcept {
  for (Examiner* examiner : examiners_) examiner->stop();
  while (!idle())
    if (Job* const job = next_completed(); job != nullptr)
      end(*job);
    else
      std::this_thread::yield();
}

}  // namespace sluice::examination
