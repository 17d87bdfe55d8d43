#include "queueing/cleaner.h"

#include <algorithm>

namespace sluice::queueing {

const Segment* Cleaner::choose(const ShardOptions& options, const SegmentTable& table,
                               LogPosition durable) noexcept {
  if (table.unreferenced() == 0) return nullptr;
  // Not the tail, which goes by itself, and not the head.
  for (std::size_t i = 1; i + 1 < table.size(); ++i) {
    const Segment& segment = table.at(i);
    if (segment.references == 0 && !segment.crowded && segment.bytes == options.segment_bytes &&
        segment.sequence < durable >> 32)
      return &segment;
  }
  return nullptr;
}

void Cleaner::poll(Instant now) noexcept {
  if (sequence_ == 0) {
    if (now < paused_until_ || supply_.has_spare() || table_.clean() != 0) return;
    const Segment* segment = choose(options_, table_, writer_.offsets().durable());
    if (segment == nullptr) return;
    sequence_ = segment->sequence;
    done_ = 0;
    clean_at_ = 0;
  }
  const Segment* segment = table_.find(sequence_);
  if (segment == nullptr) return fail();  // it has become the tail and is gone
  const std::size_t end = std::min(segment->sequels.size(), done_ + kSequelsPerStep);
  for (; done_ < end; ++done_) {
    if (write_again(segment->sequels[done_])) continue;
    paused_until_ = now + Rewriter::kPause;
    return fail();
  }
  if (done_ < segment->sequels.size()) return;
  if (clean_at_ == 0) {
    clean_at_ = writer_.offsets().dirty();
    writer_.want_durable();
  }
  if (writer_.offsets().durable() < clean_at_) return;
  table_.set_clean(sequence_);
  sequence_ = 0;
}

// A message that lives on says in its newest commit record how far it is.
bool Cleaner::write_again(const Sequel& sequel) noexcept {
  if (LiveMessage* live = index_.find(sequel.mid))
    return live->commit.sequence > sequence_ || rewriter_.recommit(*live);
  return !supply_.may_count(sequel.first, sequence_) || rewriter_.bury(sequel);
}

}  // namespace sluice::queueing
