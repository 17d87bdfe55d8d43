// What a directory of segments holds, at start: the segments are read in parallel, then their
// commit and outcome records are replayed in the order of the log. A torn end is the end of the
// log; damage before it is reported and costs only the records it hit. Changes nothing on the disk.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "queueing/live_index.h"
#include "queueing/log_device.h"
#include "queueing/segment_table.h"

namespace sluice::queueing {

struct RecoveryReport {
  Mid highest_mid = 0;
  std::uint64_t last_sequence = 0;
  std::uint64_t records = 0;
  std::uint64_t damaged_records = 0;      // without the torn end
  std::uint64_t torn_records = 0;         // at the end of the log
  std::uint64_t lost_messages = 0;        // committed, unfinished, but no longer whole
  std::vector<std::uint32_t> spares;      // files whose content no longer counts, oldest first
  std::vector<std::uint32_t> unfinished;  // files whose creation was cut short
  std::vector<std::uint32_t> kept;        // files that are not understood and are left alone
  std::vector<std::string> notes;         // one sentence per damage, at most kNotesMax
  static constexpr std::size_t kNotesMax = 100;
};

RecoveryReport recover(LogDevice& device, std::span<const LogDevice::File> files, LiveIndex& index,
                       SegmentTable& table);

}  // namespace sluice::queueing
