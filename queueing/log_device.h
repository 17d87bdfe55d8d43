// The seam to the disk: numbered segment files in one directory. Nothing blocks on the data core:
// work is given with a token and poll() hands back completions; buffers live until then. Work may
// complete in any order, except that a sync linked to a write covers that write.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/bytes.h"

namespace sluice::queueing {

class LogDevice {
 public:
  using Token = std::uint64_t;
  struct File {
    std::uint32_t id = 0;
    std::uint64_t bytes = 0;
  };
  struct Completion {
    Token token = 0;
    std::int64_t result = 0;  // octets or 0; negative: -errno
  };
  struct Write {
    std::uint32_t file = 0;
    std::uint64_t offset = 0;
    std::span<const iovec> pieces;
    Token token = 0;
    // fdatasync after the write; completes -ECANCELED when the write was not whole.
    std::optional<Token> then_sync;
  };
  // Makes a segment file ready: created and filled with zeros (written-over blocks sync faster
  // than new ones), or reused as it is; then its header is
  // written to the first and to the last page, and synced.
  struct Preparation {
    std::uint32_t file = 0;
    bool create = false;
    std::uint64_t bytes = 0;    // size of the file
    std::uint64_t reserve = 0;  // must stay free on the file system, otherwise -ENOSPC
    ByteView header;
    Token token = 0;
  };

  virtual ~LogDevice() = default;

  // Start-up; may block. open() makes the directory (0700), locks it against other processes and
  // lists the segment files; the text says what to do. The *_now calls may come from any thread,
  // but only before the first submission.
  virtual std::expected<std::vector<File>, std::string> open(const std::string& directory) = 0;
  // After open(): whoever had the directory before has not called mark_closed(), so what it had not
  // synced may be missing.
  virtual bool was_left_open() const noexcept = 0;
  virtual void mark_closed() noexcept = 0;  // everything is durable; close() comes next
  virtual std::int64_t read_now(std::uint32_t file, std::uint64_t offset, MutableBytes into) = 0;
  virtual std::int64_t sync_now(std::uint32_t file) = 0;
  virtual void remove_now(std::uint32_t file) = 0;
  virtual std::int64_t prepare_now(const Preparation& preparation) = 0;
  virtual std::uint64_t entropy() = 0;  // 64 bits that nobody outside can guess
  // Waits for what is under way, forgets its completions and closes; open() may follow.
  virtual void close() noexcept = 0;

  // The data core.
  virtual void write(const Write& write) noexcept = 0;
  virtual void sync(std::uint32_t file, Token token) noexcept = 0;
  virtual void read(std::uint32_t file, std::uint64_t offset, MutableBytes into,
                    Token token) noexcept = 0;
  virtual void prepare(const Preparation& preparation) noexcept = 0;
  virtual void remove(std::uint32_t file, Token token) noexcept = 0;
  // Submits what has been given since the last call (one system call, none when nothing was) and
  // returns how many completions were stored.
  virtual std::size_t poll(std::span<Completion> completions) noexcept = 0;
};

}  // namespace sluice::queueing
