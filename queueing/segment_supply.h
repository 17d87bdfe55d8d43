// Keeps one segment file ready for when the head of the log is full, and takes back the files of
// segments that nothing needs: a few are kept to be written over, oldest first, the rest unlinked.
// Without spares the clean segment from the middle of the log is written over (cleaner.h).
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/random.h"
#include "engine/mail/ids.h"
#include "queueing/log_device.h"
#include "queueing/record.h"
#include "queueing/segment_table.h"
#include "queueing/shard.h"

namespace sluice::queueing {

class SegmentSupply {
 public:
  static constexpr Duration kRetryAfter = seconds(1);  // after a refusal

  SegmentSupply(const ShardOptions& options, LogDevice& device, SegmentTable& table,
                std::uint64_t last_sequence);

  void add_file(std::uint32_t file) noexcept;   // in use, at start
  void add_spare(std::uint32_t file) noexcept;  // oldest first, at start
  // The first segment of this run, ready on return; 0 or -errno.
  std::int64_t start(Mid highest_mid);

  // Asks for the next segment when there is none.
  void poll(Instant now, Mid highest_mid, LogDevice::Token token) noexcept;
  // False when a segment that is already the head could not be had: it is tried again, but who
  // waits for it should be told.
  bool prepared(Instant now, std::int64_t result) noexcept;
  // The next segment becomes the head; false when there is none (it may still be in preparation).
  bool advance() noexcept;
  // The tail's file becomes a spare or is unlinked, with the file's id in the lower half of the
  // token.
  void retire_tail(LogDevice::Token token) noexcept;
  void removed(std::uint32_t file) noexcept;

  bool has_spare() const noexcept { return !spares_.empty(); }
  // A segment of [first, end) may be found in the log at the next start: it is in the table, or its
  // file has not been written over yet.
  bool may_count(std::uint64_t first, std::uint64_t end) const noexcept;

  // True when no next segment can be had: new mail is refused, the rest of the head is left to
  // outcomes and rewriting.
  bool refused() const noexcept { return state_ == State::refused; }
  int refusal_code() const noexcept { return refusal_code_; }  // errno; 0: segments_max
  bool idle() const noexcept { return !under_way_ && removing_.empty(); }
  std::size_t files() const noexcept { return files_; }

 private:
  enum class State : std::uint8_t { none, preparing, ready, refused };

  struct Freed {
    std::uint32_t file = 0;
    std::uint64_t sequence = 0;  // of the segment that is still in it; 0: it counts no more
  };

  void plan_next(Mid highest_mid, std::uint64_t flags) noexcept;
  bool take_file() noexcept;
  void give_back_file() noexcept;
  bool has_file() const noexcept { return has_spare() || table_.clean() != 0; }
  bool can_have_file() const noexcept;
  std::uint32_t free_id() noexcept;

  const ShardOptions& options_;
  LogDevice& device_;
  SegmentTable& table_;
  Random keys_;  // its output never leaves the machine: nobody outside can forge a record
  std::uint64_t last_sequence_;
  State state_ = State::none;
  Segment next_;
  std::uint64_t waiting_ = 0;  // sequence not ready yet, 0 = none
  bool under_way_ = false;     // the device is at it
  LogDevice::Preparation preparation_;
  Instant retry_at_{INT64_MIN};
  int refusal_code_ = 0;
  std::vector<Freed> spares_;  // oldest first
  std::vector<Freed> removing_;
  Freed overwritten_;      // the file in preparation, until it is prepared
  std::vector<bool> ids_;  // in use, by file id
  std::size_t files_ = 0;
  std::array<std::uint8_t, kSegmentHeaderBytes> header_{};
};

}  // namespace sluice::queueing
