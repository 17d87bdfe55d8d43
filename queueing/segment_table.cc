#include "queueing/segment_table.h"

#include <algorithm>
#include <utility>

#include "engine/base/contract.h"

namespace sluice::queueing {

std::size_t SegmentTable::place_of(std::uint64_t sequence) const noexcept {
  const auto found = std::ranges::lower_bound(segments_, sequence, {}, &Segment::sequence);
  return static_cast<std::size_t>(found - segments_.begin());
}

Segment* SegmentTable::find(std::uint64_t sequence) noexcept {
  if (!segments_.empty() && segments_.back().sequence == sequence) return &segments_.back();
  const std::size_t place = place_of(sequence);
  if (place == segments_.size() || segments_[place].sequence != sequence) return nullptr;
  return &segments_[place];
}

bool SegmentTable::any_within(std::uint64_t first, std::uint64_t end) const noexcept {
  const std::size_t place = place_of(first);
  return place < segments_.size() && segments_[place].sequence < end;
}

void SegmentTable::push(const Segment& segment) {
  SLUICE_ASSERT(segments_.empty() || segments_.back().sequence < segment.sequence);
  segments_.push_back(segment);
  ++unreferenced_;
}

Segment SegmentTable::pop_tail() noexcept { return take(tail().sequence); }

Segment SegmentTable::take(std::uint64_t sequence) noexcept {
  const std::size_t place = place_of(sequence);
  SLUICE_ASSERT(place < segments_.size() && segments_[place].sequence == sequence);
  SLUICE_ASSERT(segments_[place].references == 0);
  Segment taken = std::move(segments_[place]);
  segments_.erase(segments_.begin() + static_cast<std::ptrdiff_t>(place));
  --unreferenced_;
  if (clean_ == sequence) clean_ = 0;
  return taken;
}

void SegmentTable::pin(std::uint64_t sequence) noexcept {
  Segment* segment = find(sequence);
  SLUICE_ASSERT(segment != nullptr);
  if (segment->references++ == 0) --unreferenced_;
}

void SegmentTable::unpin(std::uint64_t sequence) noexcept {
  Segment* segment = find(sequence);
  SLUICE_ASSERT(segment != nullptr && segment->references > 0);
  if (--segment->references == 0) ++unreferenced_;
}

void SegmentTable::reference(const Location& record) noexcept {
  pin(record.sequence);
  find(record.sequence)->live_bytes += record_bytes(record.length);
  live_bytes_ += record_bytes(record.length);
}

void SegmentTable::release(const Location& record) noexcept {
  unpin(record.sequence);
  find(record.sequence)->live_bytes -= record_bytes(record.length);
  live_bytes_ -= record_bytes(record.length);
}

void SegmentTable::note_record(std::uint64_t sequence, Mid mid, RecordTrail& trail) noexcept {
  if (trail.first == 0) trail.first = sequence;
  if (trail.first == sequence || trail.noted == sequence) return;
  trail.noted = sequence;
  Segment* segment = find(sequence);
  SLUICE_ASSERT(segment != nullptr);
  if (segment->crowded) return;
  segment->sequels.push_back({mid, trail.first});
  if (segment->sequels.size() * kBytesPerSequel <= segment->bytes) return;
  segment->crowded = true;
  segment->sequels = {};
}

}  // namespace sluice::queueing
