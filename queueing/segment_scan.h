// What one segment says, without the octets of messages: the first half of recovery, which runs for
// many segments at once.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "queueing/log_device.h"
#include "queueing/record.h"
#include "queueing/segment_reader.h"

namespace sluice::queueing {

struct SegmentScan {
  struct Chunk {
    std::uint32_t offset = 0;
    std::uint32_t length = 0;
  };
  struct Event {
    Mid mid = 0;
    std::uint32_t offset = 0;      // commit: where its record is
    std::uint32_t length = 0;      // commit: its payload octets
    std::size_t payload = 0;       // commit: where they begin in `payloads`
    std::uint32_t recipients = 0;  // commit; 0: an outcome
    OutcomeRecord outcome;
  };

  LogDevice::File file;
  SegmentHeader header;
  bool head_damaged = false;           // `header` is from the copy
  std::vector<Chunk> chunks;           // in order of offset
  std::vector<Event> events;           // in order of the log
  std::vector<std::uint8_t> payloads;  // of commit records
  Mid highest_mid = 0;
  std::uint64_t records = 0;
  std::uint32_t senseless = 0;  // records that are whole and make no sense
  std::vector<SegmentReader::Damage> damages;
  std::optional<SegmentReader::Damage> torn;  // behind the last good record

  bool has_chunk(const Location& location) const noexcept;
};

void scan_segment(LogDevice& device, SegmentScan& scan);
// Calls `replay` for one after the other, in their order, on this thread, while others are being
// scanned. Each may drop its events and payloads then: not many more than there are threads are in
// memory at once.
void scan_in_parallel(LogDevice& device, std::vector<SegmentScan>& scans,
                      const std::function<void(SegmentScan&)>& replay);

}  // namespace sluice::queueing
