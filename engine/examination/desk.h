// Where a worker hands messages over to be examined, and gets them back. Every job comes back.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "engine/base/lending.h"
#include "engine/base/slab.h"
#include "engine/examination/job.h"

namespace sluice::examination {

class Examiner;

struct DeskSettings {
  std::size_t jobs_max = 1'024;    // messages at once
  std::size_t blocks_max = 2'048;  // that are held at once
};

// The worker's side. The threads must have ended, or all jobs be back, before it goes.
class Desk {
 public:
  Desk(const std::vector<Examiner*>& examiners, const DeskSettings& settings,
       const std::function<void()>& wake);

  Job* begin(std::uint64_t owner) noexcept;        // or null
  void hold(Job& job, BlockSlice slice) noexcept;  // what finds no room makes it incomplete
  void submit(Job& job, std::shared_ptr<const scan::RuleSet> rules) noexcept;
  Job* next_completed() noexcept;  // null: none now; it holds its message until end()
  void end(Job& job) noexcept;     // also of one that is in flight
  bool idle() const noexcept { return lender_.idle(); }
  std::size_t held() const noexcept { return held_.in_use(); }
  // Takes back what is in flight, now and unfinished; afterwards nothing may be submitted.
  void close() noexcept;

 private:
  void let_go(Job& job) noexcept;

  Slab<Job> jobs_;
  Slab<Held> held_;
  std::vector<Examiner*> examiners_;
  Lender<Job> lender_;
};

}  // namespace sluice::examination
