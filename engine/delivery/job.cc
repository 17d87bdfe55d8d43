#include "engine/delivery/job.h"

namespace sluice::delivery {
namespace {

constexpr std::size_t kRidsKept = 64;  // a larger list is given back to the heap after use

}  // namespace

JobBook::JobBook(queueing::Shard& shard, mail::EventSink& events)
    : shard_(shard), events_(events) {}

Lease& JobBook::open(Mid mid) noexcept {
  Lease* lease = leases_.acquire();
  SLUICE_ASSERT(lease != nullptr);
  *lease = {mid, 1};  // one for the opener, dropped by close()
  return *lease;
}

void JobBook::close(Lease& lease) noexcept {
  SLUICE_ASSERT(lease.jobs > 0);
  if (--lease.jobs > 0) return;
  const Mid mid = lease.mid;
  leases_.release(lease);
  if (shard_.unlease(mid)) events_.emit({.kind = mail::EventKind::queue_finished, .mid = mid});
}

Job& JobBook::add(Lease& lease, Destination* destination) noexcept {
  Job* job = jobs_.acquire();
  SLUICE_ASSERT(job != nullptr);
  job->lease = &lease;
  job->destination = destination;
  job->second_try = false;
  job->rids.clear();
  job->notices.clear();
  ++lease.jobs;
  return *job;
}

void JobBook::finish(Job& job) noexcept {
  Lease& lease = *job.lease;
  if (job.rids.capacity() > kRidsKept) job.rids = {};
  job.notices = {};
  jobs_.release(job);
  close(lease);
}

}  // namespace sluice::delivery
