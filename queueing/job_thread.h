// A thread that does blocking jobs in order and hands back their results: the helper of a data
// core, which only takes a short lock to give a job or to fetch results that are known to be there.
#pragma once

#include <sched.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include "queueing/log_device.h"

namespace sluice::queueing {

cpu_set_t cpu_mask(std::span<const unsigned> cpus) noexcept;

struct DiskJob {
  enum class Kind : std::uint8_t { write, sync, read, prepare, remove };
  Kind kind = Kind::sync;
  int fd = -1;
  std::uint32_t file = 0;
  std::uint64_t offset = 0;
  std::span<const iovec> pieces;
  MutableBytes into;
  LogDevice::Token token = 0;
  std::optional<LogDevice::Token> then_sync;
  LogDevice::Preparation preparation;
};

struct DiskJobDone {
  DiskJob::Kind kind = DiskJob::Kind::sync;
  std::uint32_t file = 0;
  LogDevice::Token token = 0;
  std::int64_t result = 0;
};

class JobThread {
 public:
  // Does a job and appends its results; returns what `follower` has to do once those can be
  // fetched.
  using Run = std::function<std::optional<DiskJob>(const DiskJob&, std::vector<DiskJobDone>&)>;

  // `urgent`: runs at once, whatever else has the CPU (SCHED_FIFO, where the process may): jobs
  // that a client waits for, and that mostly wait themselves.
  enum class Urgency : std::uint8_t { normal, urgent };

  // It runs on `cpus`; empty = where the caller may run.
  JobThread(Run run, std::span<const unsigned> cpus, Urgency urgency = Urgency::normal,
            JobThread* follower = nullptr);
  ~JobThread();  // after the jobs that were given

  void give(const DiskJob& job);
  void fetch(std::vector<DiskJobDone>& done);  // appends

 private:
  void loop();

  Run run_;
  JobThread* follower_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<DiskJob> jobs_;
  std::vector<DiskJobDone> done_;
  std::atomic<bool> has_done_ = false;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace sluice::queueing
