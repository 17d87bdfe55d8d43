// The segments of the log in order of sequence, oldest (tail) first: which file each is in and what
// still needs it. The log is freed from its tail only, because the outcome records of a message lie
// behind its commit record: a freed segment never takes an outcome with it that still counts.
#pragma once

#include <cstdint>
#include <vector>

#include "queueing/format.h"

namespace sluice::queueing {

struct Segment {
  std::uint64_t sequence = 0;
  std::uint64_t key = 0;  // of this use of the file
  std::uint32_t file = 0;
  std::uint64_t bytes = 0;       // size of the file
  std::uint32_t references = 0;  // records of arriving and unfinished messages, reads under way
  std::uint64_t live_bytes = 0;  // of those records
  bool ready = false;            // the file is there and its header is durable
};

class SegmentTable {
 public:
  bool empty() const noexcept { return segments_.empty(); }
  std::size_t size() const noexcept { return segments_.size(); }
  const Segment& at(std::size_t index) const noexcept { return segments_[index]; }
  Segment& tail() noexcept { return segments_.front(); }
  Segment& head() noexcept { return segments_.back(); }
  Segment* find(std::uint64_t sequence) noexcept;
  std::uint64_t live_bytes() const noexcept { return live_bytes_; }

  void push(const Segment& segment);  // of a higher sequence than all others
  void pop_tail() noexcept;

  void reference(const Location& record) noexcept;
  void release(const Location& record) noexcept;

 private:
  std::vector<Segment> segments_;
  std::uint64_t live_bytes_ = 0;
};

}  // namespace sluice::queueing
