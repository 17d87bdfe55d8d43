#include "queueing/outcome_log.h"

#include "queueing/record.h"

namespace sluice::queueing {

void OutcomeLog::log(LiveMessage& live, Rid rid, const RecipientProgress& progress) noexcept {
  const Outcome outcome{live.message.mid, rid, progress, live.trail};
  if (waiting_.empty() && append(outcome, live.trail)) return;
  if (waiting_.size() == kWaitingMax) {
    waiting_.pop();
    forgot_ = true;
  }
  waiting_.push(outcome);
}

bool OutcomeLog::append(const Outcome& outcome, RecordTrail& trail) noexcept {
  const OutcomeRecord record{outcome.rid, outcome.progress};
  const auto location = writer_.append(RecordType::outcome, outcome.mid, kOutcomeBytes,
                                       [&](MutableBytes into) { encode(record, into); });
  if (location) table_.note_record(location->sequence, outcome.mid, trail);
  return location.has_value();
}

void OutcomeLog::poll() noexcept {
  while (!waiting_.empty()) {
    Outcome outcome = waiting_.front();
    if (!append(outcome, outcome.trail)) return;
    waiting_.pop();
  }
}

}  // namespace sluice::queueing
