#include "queueing/uring.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "queueing/job_thread.h"

namespace sluice::queueing {

std::unique_ptr<Uring> Uring::make(std::span<const unsigned> helper_cpus) noexcept {
  std::unique_ptr<Uring> uring(new Uring);
  uring->helper_cpus_.assign(helper_cpus.begin(), helper_cpus.end());
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

// Gives the ring to this thread. The kernel's threads for it exist from the first operation on, and
// only then can be told where to run: hence one that does nothing.
void Uring::bind() noexcept {
  enabled_ = true;
  // liburing 2.3 declares io_uring_enable_rings() but does not export it.
  syscall(__NR_io_uring_register, ring_.ring_fd, IORING_REGISTER_ENABLE_RINGS, nullptr, 0);
  if (helper_cpus_.empty()) return;
  io_uring_prep_nop(io_uring_get_sqe(&ring_));
  io_uring_cqe* entry = nullptr;
  if (io_uring_submit_and_wait(&ring_, 1) == 1 && io_uring_peek_cqe(&ring_, &entry) == 0)
    io_uring_cqe_seen(&ring_, entry);
  const cpu_set_t mask = cpu_mask(helper_cpus_);
  io_uring_register_iowq_aff(&ring_, sizeof mask, &mask);  // refused: they stay where they are
}

io_uring_sqe* Uring::next_entry() noexcept {
  if (!enabled_) bind();
  ++prepared_;
  return io_uring_get_sqe(&ring_);
}

void Uring::write(int fd, const LogDevice::Write& write) noexcept {
  io_uring_sqe* entry = next_entry();
  io_uring_prep_writev(entry, fd, write.pieces.data(), static_cast<unsigned>(write.pieces.size()),
                       write.offset);
  io_uring_sqe_set_data64(entry, write.token);
  if (!write.then_sync) return;
  entry->flags |= IOSQE_IO_LINK;
  sync(fd, *write.then_sync);
}

void Uring::sync(int fd, LogDevice::Token token) noexcept {
  io_uring_sqe* entry = next_entry();
  io_uring_prep_fsync(entry, fd, IORING_FSYNC_DATASYNC);
  io_uring_sqe_set_data64(entry, token);
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
