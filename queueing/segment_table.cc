#include "queueing/segment_table.h"

#include <algorithm>

#include "engine/base/contract.h"

namespace sluice::queueing {

Segment* SegmentTable::find(std::uint64_t sequence) noexcept {
  if (!segments_.empty() && segments_.back().sequence == sequence) return &segments_.back();
  auto it = std::ranges::lower_bound(segments_, sequence, {}, &Segment::sequence);
  return it != segments_.end() && it->sequence == sequence ? &*it : nullptr;
}

void SegmentTable::push(const Segment& segment) {
  SLUICE_ASSERT(segments_.empty() || segments_.back().sequence < segment.sequence);
  segments_.push_back(segment);
}

void SegmentTable::pop_tail() noexcept {
  SLUICE_ASSERT(tail().references == 0);
  segments_.erase(segments_.begin());
}

void SegmentTable::reference(const Location& record) noexcept {
  Segment* segment = find(record.sequence);
  SLUICE_ASSERT(segment != nullptr);
  ++segment->references;
  segment->live_bytes += record_bytes(record.length);
  live_bytes_ += record_bytes(record.length);
}

void SegmentTable::release(const Location& record) noexcept {
  Segment* segment = find(record.sequence);
  SLUICE_ASSERT(segment != nullptr && segment->references > 0);
  --segment->references;
  segment->live_bytes -= record_bytes(record.length);
  live_bytes_ -= record_bytes(record.length);
}

}  // namespace sluice::queueing
