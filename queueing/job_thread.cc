#include "queueing/job_thread.h"

#include <pthread.h>

namespace sluice::queueing {

cpu_set_t cpu_mask(std::span<const unsigned> cpus) noexcept {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  for (const unsigned cpu : cpus) CPU_SET(cpu, &mask);
  return mask;
}

JobThread::JobThread(Run run, std::span<const unsigned> cpus, Urgency urgency, JobThread* follower)
    : run_(std::move(run)), follower_(follower), thread_([this] { loop(); }) {
  if (cpus.empty()) return;  // on the caller's CPU an urgent thread would take it from the caller
  const cpu_set_t mask = cpu_mask(cpus);
  pthread_setaffinity_np(thread_.native_handle(), sizeof mask, &mask);  // refused: it stays
  if (urgency == Urgency::normal) return;
  const sched_param parameters{.sched_priority = 1};
  pthread_setschedparam(thread_.native_handle(), SCHED_FIFO, &parameters);  // refused: as others
}

JobThread::~JobThread() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void JobThread::give(const DiskJob& job) {
  {
    std::lock_guard lock(mutex_);
    jobs_.push_back(job);
  }
  wake_.notify_one();
}

void JobThread::fetch(std::vector<DiskJobDone>& done) {
  if (!has_done_.load(std::memory_order_acquire)) return;
  std::lock_guard lock(mutex_);
  done.insert(done.end(), done_.begin(), done_.end());
  done_.clear();
  has_done_.store(false, std::memory_order_relaxed);
}

void JobThread::loop() {
  std::vector<DiskJob> jobs;
  std::vector<DiskJobDone> done;
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stop_ || !jobs_.empty(); });
    if (jobs_.empty()) return;
    jobs.swap(jobs_);
    for (const DiskJob& job : jobs) {
      lock.unlock();
      done.clear();
      const std::optional<DiskJob> next = run_(job, done);
      lock.lock();
      done_.insert(done_.end(), done.begin(), done.end());
      has_done_.store(true, std::memory_order_release);
      if (next) follower_->give(*next);
    }
    jobs.clear();
  }
}

}  // namespace sluice::queueing
