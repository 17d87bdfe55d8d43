// Independent pieces of work, done by a few threads at start and on reload.
#pragma once

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

namespace sluice::scan::sa {

using Jobs = std::vector<std::function<void()>>;

// Returns when all are done; the caller's thread is one of `threads`.
inline void run_jobs(const Jobs& jobs, unsigned threads) {
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < jobs.size(); i = next++) jobs[i]();
  };
  std::vector<std::jthread> others;
  for (unsigned i = 1; i < threads && i < jobs.size(); ++i) others.emplace_back(work);
  work();
}

}  // namespace sluice::scan::sa
