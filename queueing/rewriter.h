// Frees segments in which a few messages hold much dead space: they are read and appended again at
// the head with what became of their recipients so far, under the same MID. The index follows when
// the new records are durable. Works in small steps between polls.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "queueing/body_reader.h"
#include "queueing/fifo.h"
#include "queueing/live_index.h"
#include "queueing/segment_table.h"
#include "queueing/segment_writer.h"

namespace sluice::queueing {

class Rewriter {
 public:
  static constexpr std::size_t kShortLog = 4;         // segments; a log so short is left as it is
  static constexpr std::size_t kMovesMax = 32;        // messages appended and not yet durable
  static constexpr std::size_t kSlotsPerStep = 4096;  // 64 KiB of the index
  static constexpr Duration kPause = seconds(1);      // when there was nothing to move, or no room

  Rewriter(const ShardOptions& options, LogDevice::Token read_kind, LogDevice& device,
           LiveIndex& index, SegmentTable& table, SegmentWriter& writer);

  void poll(Instant now) noexcept;
  // Writes the commit record anew, as the message now is (its stage has changed); the chunks stay
  // where they are. False: no room. Until the record is durable both count.
  bool recommit(LiveMessage& live) noexcept;
  // An outcome record for a message that is finished already.
  bool bury(const Sequel& sequel) noexcept;
  void on_read(LogDevice::Token token, std::int64_t result) noexcept {
    reader_.on_read(token, result);
  }
  // Everything not yet durable is lost: what was appended is forgotten.
  void fail() noexcept;
  bool idle() const noexcept { return !moving_ && moves_.empty(); }

 private:
  struct Move {
    Mid mid = 0;
    std::vector<Location> chunks;
    Location commit;
    LogPosition durable_at = 0;
  };

  std::uint64_t victim() noexcept;
  void settle() noexcept;
  void pick(Instant now) noexcept;
  void step(Instant now) noexcept;
  void take_chunk(Instant now) noexcept;
  bool append_commit(LiveMessage& live, Move& move) noexcept;
  void give_up(Instant now) noexcept;
  void forget(const Move& move) noexcept;

  const ShardOptions& options_;
  LiveIndex& index_;
  SegmentTable& table_;
  SegmentWriter& writer_;
  BodyReader reader_;
  std::vector<std::uint8_t> buffer_;
  Instant paused_until_{INT64_MIN};
  std::uint64_t victim_ = 0;  // segment that is being emptied; 0: none
  std::size_t cursor_ = 0;    // slots of the index have been looked at for it
  bool found_any_ = false;
  bool moving_ = false;
  bool lost_ = false;        // the move being made cannot be completed
  Move move_;                // being made
  std::uint64_t moved_ = 0;  // octets of its body that have been asked for
  Fifo<Move> moves_;
};

}  // namespace sluice::queueing
