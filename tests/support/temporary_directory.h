// Real files for tests of the queue.
#pragma once

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>

#include "tests/support/queue_fixture.h"

namespace sluice::queueing {

// A directory of its own under the temporary one, removed afterwards.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "sluice-queue-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// poll() until `done`, at most 20 s of wall time.
template <typename Done>
bool poll_until(QueueBench& queue, Done&& done) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!done()) {
    if (std::chrono::steady_clock::now() > limit) return false;
    queue.poll();
    std::this_thread::yield();
  }
  return true;
}

}  // namespace sluice::queueing
