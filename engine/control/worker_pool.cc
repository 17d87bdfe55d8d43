#include "engine/control/worker_pool.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <future>

namespace sluice::control {
namespace {

constexpr Duration kCommandTime = seconds(5);

}  // namespace

void WorkerPool::make(const config::Config& config, Clock& clock, web::WebThread& web) {
  for (unsigned i = 0; i < config.cores.workers.size(); ++i) {
    WorkerThread& worker =
        *workers_.emplace_back(std::make_unique<WorkerThread>(config.log.ring_bytes, clock));
    worker.handshakes = offload_.connect(config);
    worker.policies = &web.add_desk([&worker] { wake(worker); });
    worker.examinations = examiners_.connect(config, [&worker] { wake(worker); });
    worker.lessons = learner_.connect(config);
  }
}

std::expected<void, std::string> WorkerPool::start(WorkerStart start) {
  const std::shared_ptr<const config::Config>& config = start.generation->config;
  examiners_.start(config->cores);
  learner_.start(config);
  if (std::string problem = offload_.start(config->cores); !problem.empty())
    return std::unexpected(problem);
  std::vector<std::future<std::string>> answers;
  for (unsigned i = 0; i < workers_.size(); ++i) {
    WorkerThread& self = *workers_[i];
    self.wake_descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    std::promise<std::string> ready;
    answers.push_back(ready.get_future());
    start.index = i;
    self.thread = std::thread(run_worker_thread, start, std::ref(self), std::move(ready));
  }
  std::string problems;
  for (auto& answer : answers)
    if (std::string problem = answer.get(); !problem.empty()) problems += problem + "\n";
  if (problems.empty()) return {};
  problems.pop_back();
  return std::unexpected(problems);
}

void WorkerPool::stop() {
  for (auto& worker : workers_) {
    worker->stop.store(true, std::memory_order_release);
    wake(*worker);
  }
  for (auto& worker : workers_) {
    if (worker->thread.joinable()) worker->thread.join();
    if (worker->wake_descriptor >= 0) close(std::exchange(worker->wake_descriptor, -1));
  }
  offload_.stop();
  examiners_.stop();
  learner_.stop();
}

bool WorkerPool::on_worker(WorkerThread& worker, worker::Worker::Command command) {
  if (!worker.running.load(std::memory_order_acquire)) return false;
  auto done = std::make_shared<std::promise<void>>();
  auto finished = done->get_future();
  const bool posted =
      worker.worker->post([command = std::move(command), done](worker::Worker& w, Instant now) {
        command(w, now);
        done->set_value();
      });
  if (!posted) return false;
  wake(worker);
  return finished.wait_for(std::chrono::nanoseconds(kCommandTime.ns)) == std::future_status::ready;
}

bool WorkerPool::on_each(const worker::Worker::Command& command) {
  bool all = true;
  for (auto& worker : workers_) all &= on_worker(*worker, command);
  return all;
}

const WorkerThread* WorkerPool::stalled(Instant now, Duration limit) {
  for (auto& worker : workers_)
    if (worker->running.load(std::memory_order_acquire) &&
        worker->stall.stalled(now, worker->rounds.load(std::memory_order_relaxed), limit))
      return worker.get();
  return nullptr;
}

}  // namespace sluice::control
