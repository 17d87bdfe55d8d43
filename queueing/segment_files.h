// The segment files of one directory through plain system calls, which may block: start-up, the
// helper threads and the offline reader use it. Files are 0600 in a directory of 0700.
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <vector>

#include "queueing/log_device.h"

namespace sluice::queueing {

enum class QueueAccess : std::uint8_t { engine, reader };

std::string segment_file_name(std::uint32_t file);

class SegmentFiles {
 public:
  struct OpenFile {
    LogDevice::File file;
    int fd = -1;
  };

  SegmentFiles() = default;
  SegmentFiles(const SegmentFiles&) = delete;
  SegmentFiles& operator=(const SegmentFiles&) = delete;
  ~SegmentFiles() { close(); }

  // Holds the directory's lock until close(): alone, and having made the directory, or beside other
  // readers.
  std::expected<std::vector<OpenFile>, std::string> open(const std::string& directory,
                                                         QueueAccess access);
  void close() noexcept;
  // The file `lock` names the process that has the directory; one that ended well leaves it empty.
  bool was_left_open() const noexcept { return was_left_open_; }
  void mark_closed() noexcept;

  // The descriptor of a created or reused file, or -errno; a failed creation leaves nothing.
  int prepare(const LogDevice::Preparation& preparation, int existing_fd) const noexcept;
  int remove(std::uint32_t file, int fd) const noexcept;
  // For reads of whole pages past the page cache; -errno where the file system has none of it.
  int open_direct(std::uint32_t file, int access) const noexcept;

 private:
  std::expected<void, std::string> lock(QueueAccess access);
  std::expected<void, std::string> sign();
  bool take_lock() const;
  std::expected<std::vector<OpenFile>, std::string> list() const;
  int create(const LogDevice::Preparation& preparation) const noexcept;

  std::string directory_;
  int directory_fd_ = -1;
  int lock_fd_ = -1;
  bool was_left_open_ = false;
};

// Whole transfers: octets, less only at the end of the file, or -errno.
std::int64_t read_whole(int fd, std::uint64_t offset, MutableBytes into) noexcept;
std::int64_t write_whole(int fd, std::uint64_t offset, std::span<const iovec> pieces) noexcept;

}  // namespace sluice::queueing
