// Makes a segment from the middle of the log fit to be written over, when all messages with records
// in it are finished: so that a backlog at the tail does not make the log longer with every message
// that comes and goes. What its sequels say is written again at the head, as far as an older
// segment could bring their messages back. One segment at a time, in small steps between polls.
#pragma once

#include <cstdint>

#include "queueing/rewriter.h"
#include "queueing/segment_supply.h"

namespace sluice::queueing {

class Cleaner {
 public:
  static constexpr std::size_t kSequelsPerStep = 64;

  Cleaner(const ShardOptions& options, LiveIndex& index, SegmentTable& table, SegmentSupply& supply,
          SegmentWriter& writer, Rewriter& rewriter)
      : options_(options),
        index_(index),
        table_(table),
        supply_(supply),
        writer_(writer),
        rewriter_(rewriter) {}

  void poll(Instant now) noexcept;
  // Everything not yet durable is lost.
  void fail() noexcept { sequence_ = 0; }
  bool idle() const noexcept { return sequence_ == 0; }

  // The oldest segment that can be cleaned; nullptr: none.
  static const Segment* choose(const ShardOptions& options, const SegmentTable& table,
                               LogPosition durable) noexcept;

 private:
  bool write_again(const Sequel& sequel) noexcept;

  const ShardOptions& options_;
  LiveIndex& index_;
  SegmentTable& table_;
  SegmentSupply& supply_;
  SegmentWriter& writer_;
  Rewriter& rewriter_;
  std::uint64_t sequence_ = 0;  // being cleaned; 0: none
  std::size_t done_ = 0;        // of its sequels
  LogPosition clean_at_ = 0;    // when this is durable
  Instant paused_until_{INT64_MIN};
};

}  // namespace sluice::queueing
