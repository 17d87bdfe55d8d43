#include "queueing/file_device.h"

#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "engine/base/contract.h"
#include "queueing/format.h"
#include "queueing/job_thread.h"
#include "queueing/segment_files.h"
#include "queueing/uring.h"

namespace sluice::queueing {
namespace {

class FileDevice final : public LogDevice {
 public:
  FileDevice(bool io_uring, std::span<const unsigned> helper_cpus, QueueAccess access)
      : wants_uring_(io_uring),
        access_(access),
        helper_cpus_(helper_cpus.begin(), helper_cpus.end()) {}
  ~FileDevice() override { close(); }

  std::expected<std::vector<File>, std::string> open(const std::string& directory) override;
  bool was_left_open() const noexcept override { return files_.was_left_open(); }
  void mark_closed() noexcept override { files_.mark_closed(); }
  std::int64_t read_now(std::uint32_t file, std::uint64_t offset, MutableBytes into) override;
  std::int64_t sync_now(std::uint32_t file) override {
    return fdatasync(fd_of(file)) == 0 ? 0 : -errno;
  }
  void remove_now(std::uint32_t file) override { files_.remove(file, take_fd(file)); }
  std::int64_t prepare_now(const Preparation& preparation) override;
  std::uint64_t entropy() override;
  void close() noexcept override;

  void write(const Write& write) noexcept override;
  void sync(std::uint32_t file, Token token) noexcept override;
  void read(std::uint32_t file, std::uint64_t offset, MutableBytes into,
            Token token) noexcept override;
  void prepare(const Preparation& preparation) noexcept override;
  void remove(std::uint32_t file, Token token) noexcept override;
  std::size_t poll(std::span<Completion> completions) noexcept override;

 private:
  int fd_of(std::uint32_t file) const noexcept {
    SLUICE_ASSERT(file < fds_.size() && fds_[file] >= 0);
    return fds_[file];
  }
  int take_fd(std::uint32_t file) noexcept { return std::exchange(fds_[file], -1); }
  void put_fd(std::uint32_t file, int fd) {
    if (file >= fds_.size()) fds_.resize(file + 1, -1);
    fds_[file] = fd;
  }
  std::optional<DiskJob> run(const DiskJob& job, std::vector<DiskJobDone>& done) const;

  const bool wants_uring_;
  const QueueAccess access_;
  const std::vector<unsigned> helper_cpus_;
  SegmentFiles files_;
  std::vector<int> fds_;  // by file id, -1 = none; only the data core changes it after the start
  std::unique_ptr<Uring> uring_;
  // Destroyed in this order: writes give their syncs to the other.
  std::unique_ptr<JobThread> syncs_;
  std::unique_ptr<JobThread> writes_;
  std::unique_ptr<JobThread> helper_;
  std::vector<DiskJobDone> done_;
  std::vector<DiskJobDone> synced_;
};

std::expected<std::vector<LogDevice::File>, std::string> FileDevice::open(
    const std::string& directory) {
  close();
  auto listed = files_.open(directory, access_);
  if (!listed) {
    files_.close();
    return std::unexpected(listed.error());
  }
  std::vector<File> files;
  for (const SegmentFiles::OpenFile& each : *listed) {
    put_fd(each.file.id, each.fd);
    files.push_back(each.file);
  }
  if (wants_uring_) uring_ = Uring::make();
  const auto work = [this](const DiskJob& job, std::vector<DiskJobDone>& done) {
    return run(job, done);
  };
  helper_ = std::make_unique<JobThread>(work, helper_cpus_);
  syncs_ = std::make_unique<JobThread>(work, helper_cpus_, JobThread::Urgency::urgent);
  writes_ =
      std::make_unique<JobThread>(work, helper_cpus_, JobThread::Urgency::urgent, syncs_.get());
  return files;
}

// Whole windows pass by the page cache: filling it costs more than all else that recovery does.
std::int64_t FileDevice::read_now(std::uint32_t file, std::uint64_t offset, MutableBytes into) {
  constexpr std::size_t kWorthIt = 64 * 1024;
  const auto in_pages = [](std::uint64_t value) { return value % kPageBytes == 0; };
  if (into.size() >= kWorthIt && in_pages(into.size()) && in_pages(offset) &&
      in_pages(reinterpret_cast<std::uintptr_t>(into.data()))) {
    const int fd = files_.open_direct(file, O_RDONLY);
    const std::int64_t got = fd < 0 ? fd : read_whole(fd, offset, into);
    if (fd >= 0) ::close(fd);
    if (got == static_cast<std::int64_t>(into.size())) return got;
  }
  return read_whole(fd_of(file), offset, into);
}

void FileDevice::close() noexcept {
  if (uring_) uring_->wait_for_all();
  writes_.reset();
  syncs_.reset();
  helper_.reset();
  uring_.reset();
  done_.clear();
  synced_.clear();
  for (const int fd : fds_)
    if (fd >= 0) ::close(fd);
  fds_.clear();
  files_.close();
}

std::int64_t FileDevice::prepare_now(const Preparation& preparation) {
  const int fd = files_.prepare(preparation, preparation.create ? -1 : fd_of(preparation.file));
  if (fd >= 0) put_fd(preparation.file, fd);
  return fd < 0 ? fd : 0;
}

std::uint64_t FileDevice::entropy() {
  std::uint64_t bits = 0;
  SLUICE_ASSERT(getrandom(&bits, sizeof bits, 0) == sizeof bits);
  return bits;
}

void FileDevice::write(const Write& write) noexcept {
  writes_->give({.kind = DiskJob::Kind::write,
                 .fd = fd_of(write.file),
                 .file = write.file,
                 .offset = write.offset,
                 .pieces = write.pieces,
                 .token = write.token,
                 .then_sync = write.then_sync});
}

void FileDevice::sync(std::uint32_t file, Token token) noexcept {
  syncs_->give({.kind = DiskJob::Kind::sync, .fd = fd_of(file), .file = file, .token = token});
}

void FileDevice::read(std::uint32_t file, std::uint64_t offset, MutableBytes into,
                      Token token) noexcept {
  const int fd = fd_of(file);
  if (uring_) return uring_->read(fd, offset, into, token);
  helper_->give({.kind = DiskJob::Kind::read,
                 .fd = fd,
                 .file = file,
                 .offset = offset,
                 .into = into,
                 .token = token});
}

void FileDevice::prepare(const Preparation& preparation) noexcept {
  helper_->give({.kind = DiskJob::Kind::prepare,
                 .fd = preparation.create ? -1 : fd_of(preparation.file),
                 .file = preparation.file,
                 .token = preparation.token,
                 .preparation = preparation});
}

void FileDevice::remove(std::uint32_t file, Token token) noexcept {
  helper_->give({.kind = DiskJob::Kind::remove, .fd = take_fd(file), .file = file, .token = token});
}

std::size_t FileDevice::poll(std::span<Completion> completions) noexcept {
  std::size_t count = uring_ ? uring_->poll(completions) : 0;
  helper_->fetch(done_);
  // A sync is told after its write: looked for before it, so that the write is there too.
  syncs_->fetch(synced_);
  writes_->fetch(done_);
  done_.insert(done_.end(), synced_.begin(), synced_.end());
  synced_.clear();
  std::size_t taken = 0;
  for (; taken < done_.size() && count < completions.size(); ++taken) {
    const DiskJobDone& job = done_[taken];
    std::int64_t result = job.result;
    if (job.kind == DiskJob::Kind::prepare && result >= 0) {
      put_fd(job.file, static_cast<int>(result));
      result = 0;
    }
    completions[count++] = {job.token, result};
  }
  done_.erase(done_.begin(), done_.begin() + static_cast<std::ptrdiff_t>(taken));
  return count;
}

// On a helper thread.
std::optional<DiskJob> FileDevice::run(const DiskJob& job, std::vector<DiskJobDone>& done) const {
  std::int64_t result = 0;
  switch (job.kind) {
    case DiskJob::Kind::write: result = write_whole(job.fd, job.offset, job.pieces); break;
    case DiskJob::Kind::sync: result = fdatasync(job.fd) == 0 ? 0 : -errno; break;
    case DiskJob::Kind::read: result = read_whole(job.fd, job.offset, job.into); break;
    case DiskJob::Kind::prepare: result = files_.prepare(job.preparation, job.fd); break;
    case DiskJob::Kind::remove: result = files_.remove(job.file, job.fd); break;
  }
  done.push_back({job.kind, job.file, job.token, result});
  if (!job.then_sync) return std::nullopt;
  // By the thread of the syncs, so that the next write goes on meanwhile.
  if (result >= 0)
    return DiskJob{
        .kind = DiskJob::Kind::sync, .fd = job.fd, .file = job.file, .token = *job.then_sync};
  done.push_back({DiskJob::Kind::sync, job.file, *job.then_sync, -ECANCELED});
  return std::nullopt;
}

}  // namespace

std::unique_ptr<LogDevice> make_file_device(bool io_uring, std::span<const unsigned> helper_cpus) {
  return std::make_unique<FileDevice>(io_uring, helper_cpus, QueueAccess::engine);
}

std::unique_ptr<LogDevice> make_reading_device() {
  return std::make_unique<FileDevice>(false, std::span<const unsigned>{}, QueueAccess::reader);
}

}  // namespace sluice::queueing
