// The threads of `[cores] offload`, each on its CPU: they run TLS handshakes for all workers.
#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "engine/config/config.h"
#include "engine/worker/handshake_offload.h"

namespace sluice::control {

class OffloadThreads {
 public:
  OffloadThreads() = default;
  OffloadThreads(const OffloadThreads&) = delete;
  OffloadThreads& operator=(const OffloadThreads&) = delete;
  ~OffloadThreads() { stop(); }

  // A worker's access to all of them; null when the configuration has none. Before start().
  std::unique_ptr<worker::HandshakeOffload> connect(const config::Config& config);
  // Empty, or why one could not be started.
  std::string start(const config::Cores& cores);
  void stop();  // after the workers

 private:
  std::vector<std::unique_ptr<worker::OffloadCore>> cores_;
  std::vector<std::thread> threads_;
};

}  // namespace sluice::control
