#include "engine/control/offload_threads.h"

#include <pthread.h>

#include <future>

#include "engine/control/pin.h"

namespace sluice::control {

std::unique_ptr<worker::HandshakeOffload> OffloadThreads::connect(const config::Config& config) {
  if (config.cores.offload.empty()) return nullptr;
  while (cores_.size() < config.cores.offload.size())
    cores_.push_back(std::make_unique<worker::OffloadCore>());
  std::vector<worker::OffloadCore*> cores;
  for (const auto& core : cores_) cores.push_back(core.get());
  return std::make_unique<worker::HandshakeOffload>(cores, config.memory.handshakes,
                                                    config.cores.inline_handshakes);
}

std::string OffloadThreads::start(const config::Cores& cores) {
  for (std::size_t i = 0; i < cores_.size(); ++i) {
    std::promise<std::string> ready;
    auto problem = ready.get_future();
    threads_.emplace_back(
        [&core = *cores_[i], cpu = cores.offload[i], i, ready = std::move(ready)]() mutable {
          pthread_setname_np(pthread_self(), ("offload-" + std::to_string(i)).c_str());
          std::string pinned = pin_to(cpu, "cores.offload");
          const bool fine = pinned.empty();
          ready.set_value(std::move(pinned));
          if (fine) core.run();
        });
    if (std::string text = problem.get(); !text.empty()) return text;
  }
  return {};
}

void OffloadThreads::stop() {
  for (const auto& core : cores_) core->stop();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace sluice::control
