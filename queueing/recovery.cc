#include "queueing/recovery.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "engine/base/crc32c.h"
#include "queueing/segment_scan.h"

namespace sluice::queueing {
namespace {

class Recovery {
 public:
  Recovery(LogDevice& device, LiveIndex& index, SegmentTable& table)
      : device_(device), index_(index), table_(table) {}

  RecoveryReport run(std::span<const LogDevice::File> files) {
    read_headers(files);
    drop_superseded();
    scan_in_parallel(device_, scans_);
    for (const SegmentScan& scan : scans_) {
      replay(scan);
      table_.push({.sequence = scan.header.sequence,
                   .key = scan.header.key,
                   .file = scan.file.id,
                   .bytes = scan.file.bytes,
                   .ready = true});
    }
    count_damage();
    for (std::size_t slot = 0; slot < index_.slots(); ++slot)
      if (LiveMessage* live = index_.at(slot)) load(*live);
    return std::move(report_);
  }

 private:
  void read_headers(std::span<const LogDevice::File> files);
  void drop_superseded();
  void replay(const SegmentScan& scan);
  void count_damage();
  void count(const SegmentScan& scan, const SegmentReader::Damage& damage);
  void load(LiveMessage& live);
  const char* fill(LiveMessage& live);
  std::optional<CommitRecord> read_commit(const Location& location);
  bool chunks_are_whole(const CommitRecord& commit) const noexcept;
  bool is_whole(const Location& location) {
    const auto commit = read_commit(location);
    return commit && chunks_are_whole(*commit);
  }
  const SegmentScan* scan_of(std::uint64_t sequence) const noexcept;
  void note(std::string text) {
    if (report_.notes.size() < RecoveryReport::kNotesMax) report_.notes.push_back(std::move(text));
  }

  LogDevice& device_;
  LiveIndex& index_;
  SegmentTable& table_;
  std::vector<SegmentScan> scans_;  // in order of sequence
  std::vector<std::uint8_t> buffer_;
  RecoveryReport report_;
};

void Recovery::read_headers(std::span<const LogDevice::File> files) {
  std::array<std::uint8_t, kSegmentHeaderBytes> page;
  for (const LogDevice::File& file : files) {
    page.fill(0);
    const bool read = device_.read_now(file.id, 0, page) >= 0;
    const bool blank = std::ranges::all_of(page, [](std::uint8_t octet) { return octet == 0; });
    if (const auto header = decode_either(page); header && read) {
      scans_.push_back({.file = file, .header = *header});
    } else if (read && blank) {
      report_.unfinished.push_back(file.id);
    } else {
      report_.kept.push_back(file.id);
      note(fmt::format("segment file {}: no readable header; left alone, move it away by hand",
                       file.id));
    }
  }
  std::ranges::sort(scans_, {}, [](const SegmentScan& scan) { return scan.header.sequence; });
}

// Files that were freed before the newest header was written no longer count, whatever they hold.
void Recovery::drop_superseded() {
  std::uint64_t oldest = 0;
  for (const SegmentScan& scan : scans_) oldest = std::max(oldest, scan.header.oldest);
  for (const SegmentScan& scan : scans_) {
    report_.highest_mid = std::max(report_.highest_mid, scan.header.highest_mid);
    report_.last_sequence = std::max(report_.last_sequence, scan.header.sequence);
    if (scan.header.sequence < oldest) report_.spares.push_back(scan.file.id);
  }
  std::erase_if(scans_, [&](const SegmentScan& scan) { return scan.header.sequence < oldest; });
  for (std::size_t i = 1; i < scans_.size();) {
    if (scans_[i].header.sequence != scans_[i - 1].header.sequence) {
      ++i;
      continue;
    }
    report_.kept.push_back(scans_[i].file.id);
    note(fmt::format("segment file {}: the same segment as file {}; left alone, move one away",
                     scans_[i].file.id, scans_[i - 1].file.id));
    scans_.erase(scans_.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

void Recovery::replay(const SegmentScan& scan) {
  report_.highest_mid = std::max(report_.highest_mid, scan.highest_mid);
  report_.records += scan.records;
  for (const SegmentScan::Event& event : scan.events) {
    if (event.mid == 0) continue;
    LiveMessage* live = index_.find(event.mid);
    if (event.recipients > 0) {
      const Location commit{scan.header.sequence, event.offset, event.length};
      // Of a message that was being rewritten the old records count until the new ones are whole.
      if (live != nullptr && !is_whole(commit)) continue;
      if (live == nullptr) live = &index_.insert(event.mid);
      LiveIndex::set_recipients(*live, event.recipients);
      live->commit = commit;
    } else if (live != nullptr) {
      index_.apply(*live, event.outcome.rid, event.outcome.progress);
      if (live->pending == 0) index_.erase(*live);
    }
  }
}

void Recovery::count_damage() {
  const SegmentScan* last = nullptr;
  for (const SegmentScan& scan : scans_)
    if (scan.records > 0 || scan.torn) last = &scan;
  for (const SegmentScan& scan : scans_) {
    for (const SegmentReader::Damage& damage : scan.damages) count(scan, damage);
    if (scan.torn && &scan == last) report_.torn_records += scan.torn->bad_records;
    if (scan.torn && &scan != last) count(scan, *scan.torn);
    report_.damaged_records += scan.senseless;
    if (scan.senseless > 0)
      note(fmt::format("segment file {}: {} records are whole and make no sense", scan.file.id,
                       scan.senseless));
  }
}

void Recovery::count(const SegmentScan& scan, const SegmentReader::Damage& damage) {
  report_.damaged_records += std::max(damage.bad_records, 1u);
  note(fmt::format("segment file {}: offset {} to {}: {}", scan.file.id, damage.begin, damage.end,
                   describe(damage.reason)));
}

void Recovery::load(LiveMessage& live) {
  const char* problem = fill(live);
  if (problem != nullptr) {
    ++report_.lost_messages;
    note(fmt::format("MID {} is not whole ({}) and is dropped", live.message.mid, problem));
    index_.erase(live);
    return;
  }
  table_.reference(live.commit);
  for (const Location& chunk : live.chunks) table_.reference(chunk);
  index_.set_durable(live);
}

// nullptr, or what is wrong.
const char* Recovery::fill(LiveMessage& live) {
  const auto commit = read_commit(live.commit);
  if (!commit) return "its commit record cannot be read again";
  if (!chunks_are_whole(*commit)) return "a chunk of it is damaged";
  auto envelope = mail::Envelope::decode(commit->envelope);
  if (!envelope || envelope->recipient_count() != live.message.recipients.size())
    return "its envelope makes no sense";
  live.message.envelope = std::move(*envelope);
  live.message.added_header.assign(as_text(commit->added_header));
  live.message.icid = commit->icid;
  live.message.received = commit->received;
  live.message.scl = commit->scl;
  live.message.direction = commit->direction;
  live.message.stage = commit->stage;
  live.message.body_size = commit->body_size;
  for (std::uint32_t i = 0; i < commit->chunk_count(); ++i) live.chunks.push_back(commit->chunk(i));
  return nullptr;
}

// The result points into buffer_.
std::optional<CommitRecord> Recovery::read_commit(const Location& location) {
  const SegmentScan* home = scan_of(location.sequence);
  buffer_.resize(kRecordHeaderBytes + location.length);
  const std::int64_t got = device_.read_now(home->file.id, location.offset, buffer_);
  if (got != static_cast<std::int64_t>(buffer_.size())) return std::nullopt;
  const ByteView payload = ByteView(buffer_).subspan(kRecordHeaderBytes);
  const auto header = decode_record_header(buffer_, home->header.key);
  if (!header || crc32c(payload, crc_of_header(*header, home->header.key)) != header->crc)
    return std::nullopt;
  return decode_commit(payload);
}

bool Recovery::chunks_are_whole(const CommitRecord& commit) const noexcept {
  std::uint64_t octets = 0;
  for (std::uint32_t i = 0; i < commit.chunk_count(); ++i) {
    const Location chunk = commit.chunk(i);
    const SegmentScan* scan = scan_of(chunk.sequence);
    if (scan == nullptr || !scan->has_chunk(chunk)) return false;
    octets += chunk.length;
  }
  return octets == commit.body_size;
}

const SegmentScan* Recovery::scan_of(std::uint64_t sequence) const noexcept {
  auto it = std::ranges::lower_bound(scans_, sequence, {},
                                     [](const SegmentScan& scan) { return scan.header.sequence; });
  return it != scans_.end() && it->header.sequence == sequence ? &*it : nullptr;
}

}  // namespace

RecoveryReport recover(LogDevice& device, std::span<const LogDevice::File> files, LiveIndex& index,
                       SegmentTable& table) {
  return Recovery(device, index, table).run(files);
}

}  // namespace sluice::queueing
