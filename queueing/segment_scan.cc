#include "queueing/segment_scan.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include "queueing/segment_reader.h"

namespace sluice::queueing {
namespace {

void take_commit(const SegmentReader::Record& record, SegmentScan& scan) {
  const auto commit = decode_commit(record.payload);
  if (!commit || commit->recipient_count == 0) {
    ++scan.senseless;
    return;
  }
  scan.events.push_back(
      {record.header.mid, record.offset, record.header.length, commit->recipient_count, {}});
  if (commit->encoded_progress.empty()) return;
  for (Rid rid = 0; rid < commit->recipient_count; ++rid)
    scan.events.push_back({.mid = record.header.mid, .outcome = {rid, commit->recipient(rid)}});
}

void take_outcome(const SegmentReader::Record& record, SegmentScan& scan) {
  if (const auto outcome = decode_outcome(record.payload))
    scan.events.push_back({.mid = record.header.mid, .outcome = *outcome});
  else
    ++scan.senseless;
}

}  // namespace

bool SegmentScan::has_chunk(const Location& location) const noexcept {
  auto it = std::ranges::lower_bound(chunks, location.offset, {}, &Chunk::offset);
  return it != chunks.end() && it->offset == location.offset && it->length == location.length;
}

void scan_segment(LogDevice& device, SegmentScan& scan) {
  const std::uint64_t records_end = std::min(scan.file.bytes, scan.header.segment_bytes);
  SegmentReader reader(device, {scan.file.id, records_end}, scan.header.key);
  scan.highest_mid = scan.header.highest_mid;
  while (const auto record = reader.next()) {
    ++scan.records;
    scan.highest_mid = std::max(scan.highest_mid, record->header.mid);
    switch (record->header.type) {
      case RecordType::chunk: scan.chunks.push_back({record->offset, record->header.length}); break;
      case RecordType::commit: take_commit(*record, scan); break;
      case RecordType::outcome: take_outcome(*record, scan); break;
      case RecordType::mark: break;
    }
  }
  scan.damages = reader.damages();
  scan.torn = reader.end();
}

void scan_in_parallel(LogDevice& device, std::vector<SegmentScan>& scans) {
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < scans.size(); i = next++) scan_segment(device, scans[i]);
  };
  const std::size_t threads =
      std::min<std::size_t>(scans.size(), std::max(1u, std::thread::hardware_concurrency()));
  std::vector<std::jthread> helpers;
  for (std::size_t i = 1; i < threads; ++i) helpers.emplace_back(work);
  work();
}

}  // namespace sluice::queueing
