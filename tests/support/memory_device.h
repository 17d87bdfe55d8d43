// A LogDevice in memory with the faults of a disk: a crash keeps any subset of the sectors that
// were written and not synced; writes and syncs can fail, come back short or late.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "engine/base/random.h"
#include "queueing/log_device.h"

namespace sluice::queueing {

class MemoryDevice final : public LogDevice {
 public:
  static constexpr std::size_t kSectorBytes = 512;

  struct Faults {
    int write_error = 0;          // errno for the next `write_errors` writes
    int write_errors = 0;
    int short_writes = 0;         // the next so many writes stop half way
    int sync_error = 0;           // errno for the next `sync_errors` syncs
    int sync_errors = 0;
    int read_errors = 0;          // EIO for the next so many reads
    std::uint64_t free_bytes = UINT64_MAX;  // of the file system, for new segments
    double late = 0;              // chance that a poll completes nothing
    bool hold_syncs = false;      // syncs wait until this is false again
  };
  Faults faults;

  explicit MemoryDevice(std::uint64_t seed = 1) : random_(seed) {}

  // The machine stops: unsynced sectors survive or not, one by one; work under way is cut anywhere.
  void crash();
  // The process stops: what was written stays.
  void stop() { work_.clear(); }
  std::vector<std::uint8_t>& file(std::uint32_t id) { return files_.at(id).bytes; }
  std::size_t file_count() const { return files_.size(); }
  std::uint64_t writes() const { return writes_; }
  std::uint64_t syncs() const { return syncs_; }

  std::expected<std::vector<File>, std::string> open(const std::string& directory) override;
  std::int64_t read_now(std::uint32_t file, std::uint64_t offset, MutableBytes into) override;
  std::int64_t sync_now(std::uint32_t file) override;
  void remove_now(std::uint32_t file) override { files_.erase(file); }
  std::int64_t prepare_now(const Preparation& preparation) override;
  std::uint64_t entropy() override { return random_.next(); }
  void close() noexcept override { work_.clear(); }

  void write(const Write& write) noexcept override;
  void sync(std::uint32_t file, Token token) noexcept override;
  void read(std::uint32_t file, std::uint64_t offset, MutableBytes into,
            Token token) noexcept override;
  void prepare(const Preparation& preparation) noexcept override;
  void remove(std::uint32_t file, Token token) noexcept override;
  std::size_t poll(std::span<Completion> completions) noexcept override;

 private:
  enum class Kind : std::uint8_t { write, sync, read, prepare, remove };
  struct Work {
    Kind kind = Kind::sync;
    std::uint32_t file = 0;
    std::uint64_t offset = 0;
    std::vector<iovec> pieces;
    MutableBytes into;
    Token token = 0;
    bool linked = false;  // to the write before it
    Preparation preparation;
  };
  struct MemoryFile {
    std::vector<std::uint8_t> bytes;                               // as read() sees them
    std::map<std::uint64_t, std::vector<std::uint8_t>> unsynced;  // sector -> durable octets
  };

  std::int64_t run(Work& work);
  std::int64_t run_write(const Work& work);
  void put(MemoryFile& file, std::uint64_t offset, ByteView octets);

  Random random_;
  std::map<std::uint32_t, MemoryFile> files_;
  std::deque<Work> work_;
  bool write_failed_ = false;  // the one a linked sync follows
  std::uint64_t writes_ = 0;
  std::uint64_t syncs_ = 0;
};

}  // namespace sluice::queueing
