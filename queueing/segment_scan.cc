#include "queueing/segment_scan.h"

#include <algorithm>
#include <atomic>
#include <semaphore>
#include <thread>

#include "queueing/segment_reader.h"

namespace sluice::queueing {
namespace {

constexpr std::size_t kWaitingThreads = 2;

void take_commit(const SegmentReader::Record& record, SegmentScan& scan) {
  const auto commit = decode_commit(record.payload);
  if (!commit || commit->recipient_count == 0) {
    ++scan.senseless;
    return;
  }
  scan.events.push_back({.mid = record.header.mid,
                         .offset = record.offset,
                         .length = record.header.length,
                         .payload = scan.payloads.size(),
                         .recipients = commit->recipient_count,
                         .outcome = {}});
  scan.payloads.insert(scan.payloads.end(), record.payload.begin(), record.payload.end());
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

void scan_in_parallel(LogDevice& device, std::vector<SegmentScan>& scans,
                      const std::function<void(SegmentScan&)>& replay) {
  // One that waits for the disk leaves its CPU to another.
  const std::size_t threads = std::min<std::size_t>(
      scans.size(), std::max(1u, std::thread::hardware_concurrency()) + kWaitingThreads);
  std::atomic<std::size_t> next = 0;
  std::vector<std::atomic<bool>> scanned(scans.size());
  std::counting_semaphore<> room(static_cast<std::ptrdiff_t>(2 * threads));
  const auto work = [&] {
    for (room.acquire();; room.acquire()) {
      const std::size_t i = next++;
      if (i >= scans.size()) return room.release();
      scan_segment(device, scans[i]);
      scanned[i].store(true, std::memory_order_release);
      scanned[i].notify_one();
    }
  };
  std::vector<std::jthread> helpers;
  for (std::size_t i = 0; i < threads; ++i) helpers.emplace_back(work);
  for (std::size_t i = 0; i < scans.size(); ++i) {
    scanned[i].wait(false, std::memory_order_acquire);
    replay(scans[i]);
    room.release();
  }
}

}  // namespace sluice::queueing
