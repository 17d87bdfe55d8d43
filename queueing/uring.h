// A thin owner of one io_uring that reads segment files. Made by any thread; used by the one that
// submits first. At most one system call per poll, and none when there is nothing to submit or to
// reap.
#pragma once

#include <liburing.h>

#include <cstdint>
#include <memory>
#include <span>

#include "queueing/log_device.h"

namespace sluice::queueing {

class Uring {
 public:
  static constexpr unsigned kEntries = 256;

  static std::unique_ptr<Uring> make() noexcept;  // nullptr where the kernel or a container refuses
  Uring(const Uring&) = delete;
  Uring& operator=(const Uring&) = delete;
  ~Uring() { io_uring_queue_exit(&ring_); }

  bool has_room(unsigned entries) noexcept { return io_uring_sq_space_left(&ring_) >= entries; }
  void read(int fd, std::uint64_t offset, MutableBytes into, LogDevice::Token token) noexcept;

  std::size_t poll(std::span<LogDevice::Completion> completions) noexcept;
  void wait_for_all() noexcept;

 private:
  Uring() = default;
  void bind() noexcept;
  io_uring_sqe* next_entry() noexcept;
  void submit() noexcept;

  io_uring ring_{};
  bool enabled_ = false;
  unsigned prepared_ = 0;  // since the last submit
  unsigned in_flight_ = 0;
};

}  // namespace sluice::queueing
