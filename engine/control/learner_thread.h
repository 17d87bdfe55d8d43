// The thread that learns what the workers found worth it (bayes.auto_learn): takes their lessons
// and writes them to the databases, many in one commit. What somebody taught is never undone by it.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "engine/config/config.h"
#include "scanners/bayes/lessons.h"

namespace sluice::control {

class LearnerThread {
 public:
  LearnerThread() = default;
  LearnerThread(const LearnerThread&) = delete;
  LearnerThread& operator=(const LearnerThread&) = delete;
  ~LearnerThread() { stop(); }

  // A worker's way to it, which lives as long as this; null when nothing is learned unasked. Before
  // start().
  scan::bayes::Lessons* connect(const config::Config& config);
  void start(std::shared_ptr<const config::Config> config);
  void stop();  // after the workers: what they left is learned

  struct Tally {
    std::uint64_t spam = 0, ham = 0;
    std::uint64_t dropped = 0;  // there was no room
    std::string fault;          // the last; empty: none
  };
  Tally take_tally();  // since the last call; from any thread

 private:
  void run(const config::Config& config);
  bool learn(const config::Config& config);

  std::vector<std::unique_ptr<scan::bayes::Lessons>> lessons_;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool stopping_ = false;
  Tally tally_;
  std::uint64_t dropped_told_ = 0;
  std::thread thread_;
};

}  // namespace sluice::control
