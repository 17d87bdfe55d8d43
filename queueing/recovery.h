// What a directory of segments holds, at start: the segments are read in parallel, then their
// commit and outcome records are replayed in the order of the log. A torn end is the end of the
// log; damage before it is reported and costs only the records it hit. Changes nothing on the disk.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "queueing/live_index.h"
#include "queueing/log_device.h"
#include "queueing/segment_reader.h"
#include "queueing/segment_table.h"

namespace sluice::queueing {

enum class SegmentState : std::uint8_t {
  in_log,
  spare,           // its content no longer counts
  unfinished,      // its creation was cut short
  not_understood,  // no readable head, or the same segment as another file: left alone
};

// What one file was found to be.
struct SegmentReport {
  std::uint32_t file = 0;
  SegmentState state = SegmentState::in_log;
  std::optional<SegmentHeader> header;
  bool head_damaged = false;  // `header` is from the copy
  std::uint64_t records = 0;
  std::vector<SegmentReader::Damage> damages;
  std::optional<SegmentReader::Damage> torn;  // the end of the log, no damage
};

// A message that was committed, is not finished and is no longer whole: what is known of it.
struct LostMessage {
  Mid mid = 0;
  const char* why = "";
  Location commit;
  std::vector<Location> chunks;
  std::string sender;
  std::vector<std::string> recipients;
  std::string added_header;
};

struct RecoveryReport {
  Mid highest_mid = 0;
  std::uint64_t last_sequence = 0;
  std::uint64_t records = 0;
  std::uint64_t damaged_records = 0;    // without the torn end
  std::uint64_t torn_records = 0;       // at the end of the log
  std::uint64_t lost_messages = 0;      // committed, unfinished, but no longer whole
  std::vector<LostMessage> lost;        // at most kNotesMax of them
  std::vector<SegmentReport> segments;  // every file
  std::string newer;  // a file is of a format that this program does not know: nothing may be done
  std::string older;  // … of one that is to be upgraded first
  std::vector<std::uint32_t> spares;      // files whose content no longer counts, oldest first
  std::vector<std::uint32_t> unfinished;  // files whose creation was cut short
  std::vector<std::uint32_t> kept;        // files that are not understood and are left alone
  std::vector<std::string> notes;         // one sentence per damage, at most kNotesMax
  static constexpr std::size_t kNotesMax = 100;

  bool sound() const noexcept;  // nothing is damaged; a torn end is none
};

RecoveryReport recover(LogDevice& device, std::span<const LogDevice::File> files, LiveIndex& index,
                       SegmentTable& table);

}  // namespace sluice::queueing
