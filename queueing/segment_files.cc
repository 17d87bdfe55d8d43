#include "queueing/segment_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>

#include "queueing/format.h"

namespace sluice::queueing {
namespace {

constexpr std::size_t kFillBytes = 256 * 1024;
constexpr long kLongestPauseNs = 10'000'000;
constexpr std::uint32_t kFileIdMax = 999'999;
constexpr int kReadersWaitMs = 30'000;
constexpr int kReadersLookMs = 20;

bool parse_name(const char* name, std::uint32_t& file) {
  int used = 0;
  return std::sscanf(name, "segment-%6u%n", &file, &used) == 1 && name[used] == '\0' &&
         file <= kFileIdMax;
}

// Past the page cache, or the log's next sync would wait until the disk has taken all of them, and
// with pauses as long as the writes, in which the log has the disk for itself.
int fill_with_zeros(int fd, std::uint64_t bytes) {
  alignas(kPageBytes) static const std::uint8_t zeros[kFillBytes] = {};
  for (std::uint64_t at = 0; at < bytes; at += kFillBytes) {
    const iovec piece{const_cast<std::uint8_t*>(zeros),
                      static_cast<std::size_t>(std::min<std::uint64_t>(kFillBytes, bytes - at))};
    const auto begun = std::chrono::steady_clock::now();
    const std::int64_t result = write_whole(fd, at, {&piece, 1});
    if (result < 0) return static_cast<int>(result);
    const std::chrono::nanoseconds took = std::chrono::steady_clock::now() - begun;
    const timespec pause{0, std::min<long>(took.count(), kLongestPauseNs)};
    ppoll(nullptr, 0, &pause, nullptr);
  }
  return 0;
}

}  // namespace

std::string segment_file_name(std::uint32_t file) { return fmt::format("segment-{:06}", file); }

std::expected<std::vector<SegmentFiles::OpenFile>, std::string> SegmentFiles::open(
    const std::string& directory, QueueAccess access) {
  directory_ = directory;
  const bool create = access == QueueAccess::engine;
  if (create) {
    std::error_code ignored;
    std::filesystem::create_directories(std::filesystem::path(directory).parent_path(), ignored);
    mkdir(directory.c_str(), 0700);
  }
  directory_fd_ = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory_fd_ < 0)
    return std::unexpected(
        fmt::format("{}: cannot be opened: {}", directory, std::strerror(errno)));
  struct stat status;
  if (create && fstat(directory_fd_, &status) == 0 && (status.st_mode & 0077) != 0)
    fchmod(directory_fd_, 0700);
  if (auto locked = lock(access); !locked) return std::unexpected(locked.error());
  return list();
}

// Whoever only reads is waited for, so that a look at the files never keeps an engine from
// starting.
bool SegmentFiles::take_lock() const {
  for (int waited_ms = 0; waited_ms < kReadersWaitMs; waited_ms += kReadersLookMs) {
    if (flock(lock_fd_, LOCK_EX | LOCK_NB) == 0) return true;
    if (flock(lock_fd_, LOCK_SH | LOCK_NB) != 0) return false;  // an engine has it
    flock(lock_fd_, LOCK_UN);
    poll(nullptr, 0, kReadersLookMs);
  }
  return false;
}

std::expected<void, std::string> SegmentFiles::lock(QueueAccess access) {
  lock_fd_ = openat(directory_fd_, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock_fd_ < 0)
    return std::unexpected(
        fmt::format("{}/lock: cannot be opened: {}", directory_, std::strerror(errno)));
  char holder[32] = {};
  const bool locked =
      access == QueueAccess::engine ? take_lock() : flock(lock_fd_, LOCK_SH | LOCK_NB) == 0;
  const bool named = pread(lock_fd_, holder, sizeof holder - 1, 0) > 0;
  if (!locked)
    return std::unexpected(
        fmt::format("{}: in use by process {}; stop it first, or use another directory", directory_,
                    named ? holder : "(unknown)"));
  was_left_open_ = named;
  return access == QueueAccess::engine ? sign() : std::expected<void, std::string>{};
}

// Synced, so that the next one finds it after a power failure too.
std::expected<void, std::string> SegmentFiles::sign() {
  const std::string pid = std::to_string(getpid());
  if (ftruncate(lock_fd_, 0) != 0 || pwrite(lock_fd_, pid.data(), pid.size(), 0) < 0 ||
      fdatasync(lock_fd_) != 0)
    return std::unexpected(
        fmt::format("{}/lock: cannot be written: {}", directory_, std::strerror(errno)));
  return {};
}

void SegmentFiles::mark_closed() noexcept {
  if (ftruncate(lock_fd_, 0) == 0) fdatasync(lock_fd_);
}

std::expected<std::vector<SegmentFiles::OpenFile>, std::string> SegmentFiles::list() const {
  std::vector<OpenFile> files;
  DIR* stream = fdopendir(dup(directory_fd_));
  if (stream == nullptr) return std::unexpected(directory_ + ": cannot be listed");
  rewinddir(stream);
  std::string problem;
  while (const dirent* entry = readdir(stream)) {
    OpenFile open_file;
    struct stat status;
    if (!parse_name(entry->d_name, open_file.file.id)) continue;
    open_file.fd = openat(directory_fd_, entry->d_name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (open_file.fd < 0 || fstat(open_file.fd, &status) != 0) {
      problem = fmt::format("{}/{}: cannot be opened: {}", directory_, entry->d_name,
                            std::strerror(errno));
      break;
    }
    open_file.file.bytes = static_cast<std::uint64_t>(status.st_size);
    files.push_back(open_file);
  }
  closedir(stream);
  if (problem.empty()) return files;
  for (const OpenFile& each : files) ::close(each.fd);
  return std::unexpected(problem);
}

void SegmentFiles::close() noexcept {
  if (lock_fd_ >= 0) ::close(lock_fd_);
  if (directory_fd_ >= 0) ::close(directory_fd_);
  lock_fd_ = directory_fd_ = -1;
}

int SegmentFiles::prepare(const LogDevice::Preparation& preparation, int fd) const noexcept {
  if (preparation.create) fd = create(preparation);
  if (fd < 0) return fd;
  const iovec header{const_cast<std::uint8_t*>(preparation.header.data()),
                     preparation.header.size()};
  std::int64_t result = write_whole(fd, 0, {&header, 1});
  if (result >= 0)
    result = write_whole(fd, preparation.bytes - preparation.header.size(), {&header, 1});
  if (result >= 0) result = fdatasync(fd) == 0 ? 0 : -errno;
  if (result >= 0) return fd;
  if (preparation.create) remove(preparation.file, fd);
  return static_cast<int>(result);
}

int SegmentFiles::create(const LogDevice::Preparation& preparation) const noexcept {
  struct statvfs room;
  if (fstatvfs(directory_fd_, &room) != 0) return -errno;
  if (std::uint64_t{room.f_bavail} * room.f_frsize < preparation.reserve + preparation.bytes)
    return -ENOSPC;
  const std::string name = segment_file_name(preparation.file);
  const int fd = openat(directory_fd_, name.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return -errno;
  const int direct = open_direct(preparation.file, O_WRONLY);
  int result = fill_with_zeros(direct < 0 ? fd : direct, preparation.bytes);
  if (direct >= 0) ::close(direct);
  if (result == 0 && (fsync(fd) != 0 || fsync(directory_fd_) != 0)) result = -errno;
  if (result == 0) return fd;
  remove(preparation.file, fd);
  return result;
}

int SegmentFiles::remove(std::uint32_t file, int fd) const noexcept {
  if (fd >= 0) ::close(fd);
  if (unlinkat(directory_fd_, segment_file_name(file).c_str(), 0) != 0) return -errno;
  return fsync(directory_fd_) == 0 ? 0 : -errno;
}

int SegmentFiles::open_direct(std::uint32_t file, int access) const noexcept {
  const int fd =
      openat(directory_fd_, segment_file_name(file).c_str(), access | O_DIRECT | O_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

std::int64_t read_whole(int fd, std::uint64_t offset, MutableBytes into) noexcept {
  std::size_t done = 0;
  while (done < into.size()) {
    const ssize_t got =
        pread(fd, into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -errno;
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return static_cast<std::int64_t>(done);
}

std::int64_t write_whole(int fd, std::uint64_t offset, std::span<const iovec> pieces) noexcept {
  std::int64_t done = 0;
  ssize_t got;
  do got = pwritev(fd, pieces.data(), static_cast<int>(pieces.size()), static_cast<off_t>(offset));
  while (got < 0 && errno == EINTR);
  if (got < 0) return -errno;
  // A short write is finished piece by piece.
  for (const iovec& piece : pieces) {
    std::int64_t from = std::max<std::int64_t>(0, got - done);
    while (from < static_cast<std::int64_t>(piece.iov_len)) {
      const ssize_t more = pwrite(fd, static_cast<const std::uint8_t*>(piece.iov_base) + from,
                                  piece.iov_len - static_cast<std::size_t>(from),
                                  static_cast<off_t>(offset) + done + from);
      if (more < 0 && errno == EINTR) continue;
      if (more < 0) return -errno;
      from += more;
    }
    done += static_cast<std::int64_t>(piece.iov_len);
  }
  return done;
}

}  // namespace sluice::queueing
