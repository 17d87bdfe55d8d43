// Records of what became of recipients. Without room for a record the outcome waits for it in
// memory, in the order of outcomes: if the process ends before, a message may be delivered twice.
#pragma once

#include "queueing/fifo.h"
#include "queueing/live_index.h"
#include "queueing/segment_table.h"
#include "queueing/segment_writer.h"

namespace sluice::queueing {

class OutcomeLog {
 public:
  OutcomeLog(SegmentWriter& writer, SegmentTable& table) : writer_(writer), table_(table) {}

  void log(LiveMessage& live, Rid rid, const RecipientProgress& progress) noexcept;
  void poll() noexcept;  // those that wait
  bool empty() const noexcept { return waiting_.empty(); }
  bool complete() const noexcept { return waiting_.empty() && !forgot_; }  // nothing is missing

 private:
  static constexpr std::size_t kWaitingMax = 65'536;  // the oldest are forgotten

  struct Outcome {
    Mid mid = 0;
    Rid rid = 0;
    RecipientProgress progress;
    RecordTrail trail;
  };
  bool append(const Outcome& outcome, RecordTrail& trail) noexcept;

  SegmentWriter& writer_;
  SegmentTable& table_;
  Fifo<Outcome> waiting_;
  bool forgot_ = false;
};

}  // namespace sluice::queueing
