#include "queueing/uring.h"

#include <sys/syscall.h>
#include <unistd.h>

namespace sluice::queueing {

std::unique_ptr<Uring> Uring::make() noexcept {
  std::unique_ptr<Uring> uring(new Uring);
  // The best first: completions run only when this thread asks, and a flag in shared memory says
  // when asking is worth a system call. Older kernels know less.
  constexpr unsigned kFlags[] = {
      IORING_SETUP_R_DISABLED | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
          IORING_SETUP_TASKRUN_FLAG,
      IORING_SETUP_R_DISABLED | IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
      IORING_SETUP_R_DISABLED};
  for (const unsigned flags : kFlags) {
    io_uring_params parameters{};
    parameters.flags = flags;
    if (io_uring_queue_init_params(kEntries, &uring->ring_, &parameters) == 0) return uring;
  }
  uring.release();  // there is no ring to exit
  return nullptr;
}

// Gives the ring to this thread.
void Uring::bind() noexcept {
  enabled_ = true;
  // liburing 2.3 declares io_uring_enable_rings() but does not export it.
  syscall(__NR_io_uring_register, ring_.ring_fd, IORING_REGISTER_ENABLE_RINGS, nullptr, 0);
}

io_uring_sqe* Uring::next_entry() noexcept {
  if (!enabled_) bind();
  ++prepared_;
  return io_uring_get_sqe(&ring_);
}

void Uring::read(int fd, std::uint64_t offset, MutableBytes into, LogDevice::Token token) noexcept {
  io_uring_sqe* entry = next_entry();
  io_uring_prep_read(entry, fd, into.data(), static_cast<unsigned>(into.size()), offset);
  io_uring_sqe_set_data64(entry, token);
}

void Uring::submit() noexcept {
  const int submitted = io_uring_submit(&ring_);
  if (submitted <= 0) return;  // tried again at the next poll
  prepared_ -= static_cast<unsigned>(submitted);
  in_flight_ += static_cast<unsigned>(submitted);
}

std::size_t Uring::poll(std::span<LogDevice::Completion> completions) noexcept {
  if (prepared_ > 0) submit();
  if (in_flight_ == 0) return 0;
  std::size_t count = 0;
  io_uring_cqe* entry = nullptr;
  while (count < completions.size() && io_uring_peek_cqe(&ring_, &entry) == 0) {
    completions[count++] = {io_uring_cqe_get_data64(entry), entry->res};
    io_uring_cqe_seen(&ring_, entry);
    --in_flight_;
  }
  return count;
}

void Uring::wait_for_all() noexcept {
  LogDevice::Completion dropped[16];
  while (prepared_ > 0 || in_flight_ > 0) {
    poll(dropped);
    io_uring_cqe* entry = nullptr;
    if (in_flight_ > 0 && io_uring_wait_cqe(&ring_, &entry) < 0) return;
  }
}

}  // namespace sluice::queueing
