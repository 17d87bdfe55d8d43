// The threads of [examination]: they look into messages for all workers.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "engine/config/config.h"
#include "engine/examination/desk.h"
#include "engine/examination/examiner.h"

namespace sluice::control {

class ExaminerThreads {
 public:
  ExaminerThreads() = default;
  ExaminerThreads(const ExaminerThreads&) = delete;
  ExaminerThreads& operator=(const ExaminerThreads&) = delete;
  ~ExaminerThreads() { stop(); }

  // A worker's access to all of them; null when the configuration has no use for them. Before
  // start(). `wake` wakes that worker.
  std::unique_ptr<examination::Desk> connect(const config::Config& config,
                                             std::function<void()> wake);
  void start(const config::Cores& cores);
  void stop();  // after the workers

 private:
  std::unique_ptr<antivirus::VerdictCache> cache_;
  std::vector<std::unique_ptr<examination::Examiner>> examiners_;
  std::vector<std::thread> threads_;
};

}  // namespace sluice::control
