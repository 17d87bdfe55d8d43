// The segments of the log in order of sequence, oldest (tail) first: which file each is in and what
// still needs it: records of messages that are not finished, and sequels. The tail has none that
// counts: the outcomes of a message lie behind its commit record. From the middle a segment can be
// taken when its sequels have been written again (cleaner.h).
#pragma once

#include <cstdint>
#include <vector>

#include "engine/mail/ids.h"
#include "queueing/format.h"

namespace sluice::queueing {

// In this segment is an outcome or a newer commit record of a message that has a commit record in
// `first`, an earlier segment: without it the message would come back as it was then.
struct Sequel {
  Mid mid = 0;
  std::uint64_t first = 0;
};

// Of a message in memory: where its records begin, so that sequels can be told.
struct RecordTrail {
  std::uint64_t first = 0;  // segment of its oldest commit record
  std::uint64_t noted = 0;  // the last segment that has it among its sequels
};

struct Segment {
  std::uint64_t sequence = 0;
  std::uint64_t key = 0;  // of this use of the file
  std::uint32_t file = 0;
  std::uint64_t bytes = 0;       // size of the file
  std::uint32_t references = 0;  // records of arriving and unfinished messages, reads under way
  std::uint64_t live_bytes = 0;  // of those records
  bool ready = false;            // the file is there and its header is durable
  bool crowded = false;          // more sequels than are worth it: it waits to be the tail
  std::vector<Sequel> sequels;
};

class SegmentTable {
 public:
  static constexpr std::uint64_t kBytesPerSequel = 4096;  // of a segment, or it is crowded

  bool empty() const noexcept { return segments_.empty(); }
  std::size_t size() const noexcept { return segments_.size(); }
  const Segment& at(std::size_t index) const noexcept { return segments_[index]; }
  Segment& tail() noexcept { return segments_.front(); }
  Segment& head() noexcept { return segments_.back(); }
  Segment* find(std::uint64_t sequence) noexcept;
  std::uint64_t live_bytes() const noexcept { return live_bytes_; }

  void push(const Segment& segment);  // of a higher sequence than all others
  Segment pop_tail() noexcept;
  Segment take(std::uint64_t sequence) noexcept;
  bool any_within(std::uint64_t first, std::uint64_t end) const noexcept;  // [first, end)

  void reference(const Location& record) noexcept;
  void release(const Location& record) noexcept;
  void pin(std::uint64_t sequence) noexcept;  // a read
  void unpin(std::uint64_t sequence) noexcept;
  std::size_t unreferenced() const noexcept { return unreferenced_; }  // segments

  // A record of the message that is no chunk has been laid in `sequence`.
  void note_record(std::uint64_t sequence, Mid mid, RecordTrail& trail) noexcept;

  // The segment from the middle that nothing needs any more, if there is one; 0: none.
  std::uint64_t clean() const noexcept { return clean_; }
  void set_clean(std::uint64_t sequence) noexcept { clean_ = sequence; }

 private:
  std::size_t place_of(std::uint64_t sequence) const noexcept;  // of the first not below it

  std::vector<Segment> segments_;
  std::size_t unreferenced_ = 0;
  std::uint64_t clean_ = 0;
  std::uint64_t live_bytes_ = 0;
};

}  // namespace sluice::queueing
