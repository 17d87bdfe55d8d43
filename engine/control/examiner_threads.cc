#include "engine/control/examiner_threads.h"

#include <pthread.h>
#include <sched.h>

#include <algorithm>

namespace sluice::control {
namespace {

// Anywhere among these; without any, where the engine may run at all.
void keep_to(const std::vector<unsigned>& cpus) {
  if (cpus.empty()) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const unsigned cpu : cpus) CPU_SET(cpu, &set);
  pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

}  // namespace

std::unique_ptr<examination::Desk> ExaminerThreads::connect(const config::Config& config,
                                                            std::function<void()> wake) {
  const bool antivirus_on = config.antivirus.engine != config::VirusEngine::none;
  if (!antivirus_on && !config.examination.unpack) return nullptr;
  // Half of the blocks stay for what arrives, or all would wait for what is not yet complete.
  const std::size_t blocks =
      std::min<std::size_t>(config.examination.blocks_max, config.memory.blocks / 2);
  config::Antivirus antivirus = config.antivirus;
  antivirus.message_bytes_max =
      std::min<std::uint64_t>(antivirus.message_bytes_max, blocks * kBlockBytes);
  if (cache_ == nullptr)
    cache_ = std::make_unique<antivirus::VerdictCache>(antivirus.cache_entries);
  while (examiners_.size() < config.examination.threads)
    examiners_.push_back(std::make_unique<examination::Examiner>(config.examination, antivirus,
                                                                 config.scan, *cache_));
  std::vector<examination::Examiner*> examiners;
  for (const auto& examiner : examiners_) examiners.push_back(examiner.get());
  return std::make_unique<examination::Desk>(
      examiners, examination::DeskSettings{config.memory.transactions + 1, blocks}, wake);
}

void ExaminerThreads::start(const config::Cores& cores) {
  for (std::size_t i = 0; i < examiners_.size(); ++i)
    threads_.emplace_back([&examiner = *examiners_[i],
                           cpus = cores.offload.empty() ? cores.control : cores.offload, i] {
      pthread_setname_np(pthread_self(), ("examiner-" + std::to_string(i)).c_str());
      keep_to(cpus);
      examiner.run();
    });
}

void ExaminerThreads::stop() {
  for (const auto& examiner : examiners_) examiner->exit();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace sluice::control
