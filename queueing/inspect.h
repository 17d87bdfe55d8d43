// Read-only look into the directory of one shard while no engine runs: `sluice queue list|show`.
// Refused while an engine holds the directory's lock. Changes nothing but that lock.
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "queueing/live_index.h"
#include "queueing/log_device.h"
#include "queueing/recovery.h"
#include "queueing/segment_table.h"

namespace sluice::queueing {

class Inspection {
 public:
  static std::expected<std::unique_ptr<Inspection>, std::string> open(const std::string& directory);

  const RecoveryReport& report() const noexcept { return report_; }
  const QueueSizes& queues() const noexcept { return index_.queues(); }
  const HostIndex& hosts() const noexcept { return index_.hosts(); }
  const QueuedMessage* find(Mid mid) noexcept;
  void visit(const MessageVisitor& visit) {  // in no order
    std::size_t cursor = 0;
    index_.visit(cursor, SIZE_MAX, visit);
  }
  // The octets as they were received, without the added header.
  std::expected<std::string, std::string> read_body(Mid mid);

 private:
  explicit Inspection(std::unique_ptr<LogDevice> device);

  std::unique_ptr<LogDevice> device_;
  LiveIndex index_;
  SegmentTable table_;
  RecoveryReport report_;
};

}  // namespace sluice::queueing
