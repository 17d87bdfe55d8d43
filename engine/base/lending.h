// Work that a worker lends to threads which may sleep: a ring there and a ring back between it and
// each of them. A job is in one pair of hands at a time, so nothing is locked.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "engine/base/contract.h"
#include "engine/base/spsc_ring.h"

namespace sluice {

// Between one lender and one borrower. The rings never fill: there are not more jobs than places.
template <typename Job>
struct LendingLane {
  LendingLane(std::size_t jobs_max, std::function<void()> wake_in)
      : lent(std::bit_ceil(std::max<std::size_t>(jobs_max, 2))),
        returned(std::bit_ceil(std::max<std::size_t>(jobs_max, 2))),
        wake(std::move(wake_in)) {}
  SpscRing<Job*> lent;
  SpscRing<Job*> returned;
  std::function<void()> wake;   // the lender; may be empty
  std::uint32_t in_flight = 0;  // the lender's own
};

// What a job must have (as its base): the lender's own, but for one look.
struct Lendable {
  std::uint64_t owner = 0;  // whoever in the worker waits for it
  bool in_flight = false;
  std::atomic<bool> abandoned{false};  // nobody waits any more: the borrower may save its work
};

// The thread's side.
template <typename Job>
class Borrower {
 public:
  // Before run().
  LendingLane<Job>& add_lane(std::size_t jobs_max, std::function<void()> wake = {}) {
    return *lanes_.emplace_back(std::make_unique<LendingLane<Job>>(jobs_max, std::move(wake)));
  }

  // The thread's body: sleeps while there is nothing to do, returns after stop().
  template <typename Work>
  void run(Work&& work) {
    while (!stopping_.load(std::memory_order_acquire)) {
      const std::uint32_t heard = bell_.load(std::memory_order_acquire);
      if (run_once(work) == 0 && !stopping_.load(std::memory_order_acquire))
        bell_.wait(heard, std::memory_order_acquire);
    }
  }

  // One job of each lane; how many there were.
  template <typename Work>
  std::size_t run_once(Work&& work) {
    std::size_t count = 0;
    for (const auto& lane : lanes_) {
      Job* job = nullptr;
      if (!lane->lent.pop(job)) continue;
      work(*job);
      const bool pushed = lane->returned.push(std::move(job));
      SLUICE_ASSERT(pushed);
      if (lane->wake) lane->wake();
      ++count;
    }
    return count;
  }

  void ring() noexcept {
    bell_.fetch_add(1, std::memory_order_release);
    bell_.notify_one();  // a system call only when it sleeps
  }

  void stop() noexcept {
    stopping_.store(true, std::memory_order_release);
    ring();
  }

 private:
  std::vector<std::unique_ptr<LendingLane<Job>>> lanes_;
  std::atomic<std::uint32_t> bell_{0};
  std::atomic<bool> stopping_{false};
};

// The worker's side. Must outlive the run() of its borrowers: they may hold its jobs.
template <typename Job>
class Lender {
 public:
  void add(Borrower<Job>& borrower, LendingLane<Job>& lane) {
    seats_.push_back({&borrower, &lane});
  }

  // To the borrower that has least of ours.
  void lend(Job& job) noexcept {
    SLUICE_ASSERT(!seats_.empty() && !job.in_flight);
    const Seat& seat = *std::ranges::min_element(
        seats_, {}, [](const Seat& candidate) { return candidate.lane->in_flight; });
    job.in_flight = true;
    ++seat.lane->in_flight;
    ++in_flight_;
    const bool pushed = seat.lane->lent.push(&job);
    SLUICE_ASSERT(pushed);
    seat.borrower->ring();
  }

  // Null: none now. Whether somebody still waits for it, the job says.
  Job* next_returned() noexcept {
    for (const Seat& seat : seats_) {
      Job* job = nullptr;
      if (!seat.lane->returned.pop(job)) continue;
      --seat.lane->in_flight;
      --in_flight_;
      job->in_flight = false;
      return job;
    }
    return nullptr;
  }

  bool idle() const noexcept { return in_flight_ == 0; }

 private:
  struct Seat {
    Borrower<Job>* borrower;
    LendingLane<Job>* lane;
  };
  std::vector<Seat> seats_;
  std::size_t in_flight_ = 0;
};

}  // namespace sluice
