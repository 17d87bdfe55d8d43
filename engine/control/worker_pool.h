// The worker threads, and those that work for all of them: handshakes, examination, learning.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "engine/config/config.h"
#include "engine/control/examiner_threads.h"
#include "engine/control/learner_thread.h"
#include "engine/control/offload_threads.h"
#include "engine/control/worker_thread.h"
#include "engine/web/web_thread.h"

namespace sluice::control {

class WorkerPool {
 public:
  WorkerPool() = default;
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;
  ~WorkerPool() { stop(); }

  // Everything of the workers but their threads. Before web.start().
  void make(const config::Config& config, Clock& clock, web::WebThread& web);
  // `start.index` is filled in for each. The text has a line for each that could not be started.
  std::expected<void, std::string> start(WorkerStart start);
  void stop();

  std::vector<std::unique_ptr<WorkerThread>>& threads() noexcept { return workers_; }
  // Runs `command` on a worker between two polls and waits for it (bounded). False: not reached.
  static bool on_worker(WorkerThread& worker, worker::Worker::Command command);
  // The same for each; false: one was not reached.
  bool on_each(const worker::Worker::Command& command);
  // One that has been at one thing for longer than `limit`; null: none.
  const WorkerThread* stalled(Instant now, Duration limit);
  LearnerThread::Tally take_learned() { return learner_.take_tally(); }

 private:
  OffloadThreads offload_;
  ExaminerThreads examiners_;
  LearnerThread learner_;
  std::vector<std::unique_ptr<WorkerThread>> workers_;
};

}  // namespace sluice::control
