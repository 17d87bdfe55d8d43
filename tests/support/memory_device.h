// A LogDevice in memory with the faults of a disk: writes, syncs and reads can fail, come back
// short, late or in another order; syncs can lie; and the power can be cut at any write or sync,
// after which any subset of what was not synced is there, sector by sector, in any of its versions.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "engine/base/random.h"
#include "queueing/log_device.h"

namespace sluice::queueing {

class MemoryDevice final : public LogDevice {
 public:
  struct Faults {
    int write_error = 0;   // errno for the next `write_errors` writes
    int write_errors = 0;  // half of the octets arrive nevertheless
    int short_writes = 0;  // the next so many writes stop half way
    int sync_error = 0;    // errno for the next `sync_errors` syncs
    int sync_errors = 0;
    int lost_syncs = 0;                     // the next so many syncs report success and do nothing
    int read_errors = 0;                    // EIO for the next so many reads
    bool read_only = false;                 // EROFS for all that changes something
    std::uint64_t free_bytes = UINT64_MAX;  // of the file system, for new segments
    double late = 0;                        // chance that a poll completes nothing
    double reorder = 0;                     // chance that something is done before its turn
    bool hold_syncs = false;                // syncs wait until this is false again
    std::uint64_t cut_after = UINT64_MAX;   // so many writes and syncs later the power is gone
    std::size_t sector_bytes = 512;         // what the disk writes whole or not at all
    double ruined =
        0;  // chance that a sector that was not synced can no longer be read after a cut
  };
  Faults faults;

  explicit MemoryDevice(std::uint64_t seed = 1) : random_(seed) {}

  // The machine stops: work under way is cut anywhere.
  void crash();
  bool power_is_gone() const { return power_is_gone_; }
  // The process stops: what was written stays.
  void stop() { work_.clear(); }
  std::vector<std::uint8_t>& file(std::uint32_t id) { return files_.at(id).bytes; }
  std::size_t file_count() const { return files_.size(); }
  std::uint64_t writes() const { return writes_; }
  std::uint64_t syncs() const { return syncs_; }
  // Reads of this sector fail until it is written again.
  void ruin(std::uint32_t file, std::uint64_t sector) { files_.at(file).ruined.insert(sector); }

  std::expected<std::vector<File>, std::string> open(const std::string& directory) override;
  bool was_left_open() const noexcept override { return was_left_open_; }
  void mark_closed() noexcept override { left_open_ = false; }
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
    std::optional<Token> then_sync;
    bool cancelled = false;  // a sync whose write was not whole
    Preparation preparation;
  };
  using Octets = std::vector<std::uint8_t>;
  struct MemoryFile {
    Octets bytes;                                           // as read() sees them
    std::map<std::uint64_t, std::vector<Octets>> unsynced;  // sector -> the durable octets first,
                                                            // then what has been written since
    std::set<std::uint64_t> ruined;                         // sectors
  };

  bool power_lasts();
  std::int64_t run(const Work& work);
  std::int64_t run_write(const Work& work);
  void put(MemoryFile& file, std::uint64_t offset, ByteView octets);
  void forget_unsynced(MemoryFile& file);

  Random random_;
  std::map<std::uint32_t, MemoryFile> files_;
  std::deque<Work> work_;
  bool left_open_ = false;
  bool was_left_open_ = false;
  bool power_is_gone_ = false;
  std::uint64_t writes_ = 0;
  std::uint64_t syncs_ = 0;
};

}  // namespace sluice::queueing
