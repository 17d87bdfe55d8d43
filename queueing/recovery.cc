#include "queueing/recovery.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_map>
#include <utility>

#include "engine/base/crc32c.h"
#include "queueing/segment_files.h"
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
    scan_in_parallel(device_, scans_, [this](SegmentScan& scan) {
      table_.push({.sequence = scan.header.sequence,
                   .key = scan.header.key,
                   .file = scan.file.id,
                   .bytes = scan.header.segment_bytes,
                   .ready = true,
                   .sequels = {}});
      replay(scan);
      scan.events = {};
      scan.payloads = {};
    });
    count_damage();
    for (std::size_t slot = 0; slot < index_.slots(); ++slot)
      if (LiveMessage* live = index_.at(slot)) load(*live);
    return std::move(report_);
  }

 private:
  void read_headers(std::span<const LogDevice::File> files);
  bool read_head(const LogDevice::File& file, std::uint64_t offset);
  void leave_alone(std::uint32_t file, std::optional<SegmentHeader> header, std::string_view why);
  void drop_superseded();
  void replay(const SegmentScan& scan);
  void count_damage();
  void count(const SegmentScan& scan, const SegmentReader::Damage& damage);
  void replay_commit(const SegmentScan& scan, const SegmentScan::Event& event, LiveMessage* live);
  void load(LiveMessage& live);
  const char* fill(LiveMessage& live, const CommitRecord& commit);
  void remember(const LiveMessage& live, const char* why);
  std::optional<CommitRecord> read_commit(const Location& location);
  bool chunks_are_whole(const CommitRecord& commit, std::uint64_t sequence) const noexcept;
  const SegmentScan* scan_of(std::uint64_t sequence) const noexcept;
  static bool gap_between(const SegmentScan& scan, const SegmentScan& later) noexcept {
    return later.header.sequence - scan.header.sequence !=
           static_cast<std::uint64_t>(&later - &scan);
  }
  void note(std::string text) {
    if (report_.notes.size() < RecoveryReport::kNotesMax) report_.notes.push_back(std::move(text));
  }

  LogDevice& device_;
  LiveIndex& index_;
  SegmentTable& table_;
  std::vector<SegmentScan> scans_;  // in order of sequence
  std::optional<SegmentHeader> page_header_;
  std::vector<std::uint8_t> buffer_;
  std::unordered_map<Mid, const char*> broken_;  // of the messages so far: why they are not whole
  RecoveryReport report_;
};

void Recovery::read_headers(std::span<const LogDevice::File> files) {
  for (const LogDevice::File& file : files) {
    const bool blank = read_head(file, 0);
    if (page_header_) {
      scans_.push_back({.file = file, .header = *page_header_});
      continue;
    }
    const std::uint64_t copy = file.bytes - kSegmentHeaderBytes;
    if (file.bytes >= 2 * kSegmentHeaderBytes) read_head(file, copy);
    if (page_header_ && page_header_->segment_bytes == copy) {
      scans_.push_back({.file = file, .header = *page_header_, .head_damaged = true});
      note(fmt::format("segment file {}: its head is damaged; the copy behind its records counts",
                       file.id));
    } else if (blank) {
      report_.unfinished.push_back(file.id);
      report_.segments.push_back({.file = file.id, .state = SegmentState::unfinished});
    } else {
      leave_alone(file.id, {}, "no readable header; left alone, move it away by hand");
    }
  }
  std::ranges::sort(scans_, {}, [](const SegmentScan& scan) { return scan.header.sequence; });
}

// The header of a page into page_header_; true: the page is blank.
bool Recovery::read_head(const LogDevice::File& file, std::uint64_t offset) {
  std::array<std::uint8_t, kSegmentHeaderBytes> page{};
  page_header_.reset();
  if (device_.read_now(file.id, offset, page) < 0) return false;
  page_header_ = decode_either(page);
  const std::uint32_t version = page_header_ ? page_header_->version : format_version_of(page);
  const auto of_version = [&](const char* what) {
    return fmt::format("{} has format version {}; {}", segment_file_name(file.id), version, what);
  };
  if (version > kFormatVersion && report_.newer.empty())
    report_.newer = of_version("this sluice knows up to 2: use the one that wrote it");
  else if (page_header_ && version < kFormatVersion && report_.older.empty())
    report_.older = of_version("this sluice writes 2: `sluice upgrade` makes all of them new");
  return std::ranges::all_of(page, [](std::uint8_t octet) { return octet == 0; });
}

void Recovery::leave_alone(std::uint32_t file, std::optional<SegmentHeader> header,
                           std::string_view why) {
  report_.kept.push_back(file);
  report_.segments.push_back(
      {.file = file, .state = SegmentState::not_understood, .header = header});
  note(fmt::format("segment file {}: {}", file, why));
}

// Files that were freed before the newest header was written no longer count, whatever they hold.
void Recovery::drop_superseded() {
  std::uint64_t oldest = 0;
  for (const SegmentScan& scan : scans_) oldest = std::max(oldest, scan.header.oldest);
  for (const SegmentScan& scan : scans_) {
    report_.highest_mid = std::max(report_.highest_mid, scan.header.highest_mid);
    report_.last_sequence = std::max(report_.last_sequence, scan.header.sequence);
    if (scan.header.sequence >= oldest) continue;
    report_.spares.push_back(scan.file.id);
    report_.segments.push_back(
        {.file = scan.file.id, .state = SegmentState::spare, .header = scan.header});
  }
  std::erase_if(scans_, [&](const SegmentScan& scan) { return scan.header.sequence < oldest; });
  for (std::size_t i = 1; i < scans_.size();) {
    if (scans_[i].header.sequence != scans_[i - 1].header.sequence) {
      ++i;
      continue;
    }
    leave_alone(scans_[i].file.id, scans_[i].header,
                fmt::format("the same segment as file {}; left alone, move one away",
                            scans_[i - 1].file.id));
    scans_.erase(scans_.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

void Recovery::replay(const SegmentScan& scan) {
  report_.highest_mid = std::max(report_.highest_mid, scan.highest_mid);
  report_.records += scan.records;
  for (const SegmentScan::Event& event : scan.events) {
    if (event.mid == 0) continue;
    LiveMessage* live = index_.find(event.mid);
    if (live != nullptr) table_.note_record(scan.header.sequence, event.mid, live->trail);
    if (event.recipients > 0) {
      replay_commit(scan, event, live);
    } else if (live != nullptr) {
      index_.apply(*live, event.outcome.rid, event.outcome.progress);
      if (live->pending > 0) continue;
      broken_.erase(event.mid);
      index_.erase(*live);
    }
  }
}

// Of a message that was being rewritten the old records count until the new ones are whole.
void Recovery::replay_commit(const SegmentScan& scan, const SegmentScan::Event& event,
                             LiveMessage* live) {
  const auto commit = decode_commit(ByteView(scan.payloads).subspan(event.payload, event.length));
  const bool whole = chunks_are_whole(*commit, scan.header.sequence);
  if (live != nullptr && !whole) return;
  if (live == nullptr) live = &index_.insert(event.mid);
  table_.note_record(scan.header.sequence, event.mid, live->trail);
  LiveIndex::set_recipients(*live, event.recipients);
  live->commit = {scan.header.sequence, event.offset, event.length};
  const char* const problem = whole ? fill(*live, *commit) : "a chunk of it is damaged";
  if (problem != nullptr)
    broken_[event.mid] = problem;
  else
    broken_.erase(event.mid);
}

// What lies behind the last record was never synced if the log ended there: because it is the end,
// or because the next records are of another start. Where segments have been taken from between
// nobody knows.
void Recovery::count_damage() {
  for (std::size_t i = 0; i < scans_.size(); ++i) {
    SegmentScan& scan = scans_[i];
    const auto next =
        std::find_if(scans_.begin() + static_cast<std::ptrdiff_t>(i) + 1, scans_.end(),
                     [](const SegmentScan& later) { return later.records > 0 || later.torn; });
    const bool log_ended = next == scans_.end() || (next->header.flags & kBegunAtStart) != 0 ||
                           gap_between(scan, *next);
    if (scan.torn && log_ended) report_.torn_records += scan.torn->bad_records;
    if (scan.torn && !log_ended) scan.damages.push_back(*std::exchange(scan.torn, {}));
    for (const SegmentReader::Damage& damage : scan.damages) count(scan, damage);
    report_.damaged_records += scan.senseless;
    if (scan.senseless > 0)
      note(fmt::format("segment file {}: {} records are whole and make no sense", scan.file.id,
                       scan.senseless));
    report_.segments.push_back({.file = scan.file.id,
                                .state = SegmentState::in_log,
                                .header = scan.header,
                                .head_damaged = scan.head_damaged,
                                .records = scan.records,
                                .damages = scan.damages,
                                .torn = scan.torn});
  }
  std::ranges::sort(report_.segments, {}, &SegmentReport::file);
}

void Recovery::count(const SegmentScan& scan, const SegmentReader::Damage& damage) {
  report_.damaged_records += std::max(damage.bad_records, 1u);
  note(fmt::format("segment file {}: offset {} to {}: {}", scan.file.id, damage.begin, damage.end,
                   describe(damage.reason)));
}

void Recovery::load(LiveMessage& live) {
  if (const auto broken = broken_.find(live.message.mid); broken != broken_.end()) {
    ++report_.lost_messages;
    note(fmt::format("MID {} is not whole ({}) and is dropped", live.message.mid, broken->second));
    remember(live, broken->second);
    index_.erase(live);
    return;
  }
  table_.reference(live.commit);
  for (const Location& chunk : live.chunks) table_.reference(chunk);
  index_.note_place(live);
  index_.set_durable(live);
}

void Recovery::remember(const LiveMessage& live, const char* why) {
  if (report_.lost.size() >= RecoveryReport::kNotesMax) return;
  LostMessage& lost = report_.lost.emplace_back();
  lost.mid = live.message.mid;
  lost.why = why;
  lost.commit = live.commit;
  const auto commit = read_commit(live.commit);
  if (!commit) return;
  for (std::uint32_t i = 0; i < commit->chunk_count(); ++i) lost.chunks.push_back(commit->chunk(i));
  lost.added_header.assign(as_text(commit->added_header));
  const auto envelope = mail::Envelope::decode(commit->envelope);
  if (!envelope) return;
  lost.sender = envelope->reverse_path();
  envelope->for_each_recipient(
      [&](Rid, const mail::Recipient& to) { lost.recipients.emplace_back(to.address); });
}

// nullptr, or what is wrong.
const char* Recovery::fill(LiveMessage& live, const CommitRecord& commit) {
  auto envelope = mail::Envelope::decode(commit.envelope);
  if (!envelope || envelope->recipient_count() != live.message.recipients.size())
    return "its envelope makes no sense";
  live.message.envelope = std::move(*envelope);
  live.message.added_header.assign(as_text(commit.added_header));
  live.message.icid = commit.icid;
  live.message.received = commit.received;
  live.message.scl = commit.scl;
  live.message.direction = commit.direction;
  live.message.stage = commit.stage;
  live.message.body_size = commit.body_size;
  live.chunks.clear();
  for (std::uint32_t i = 0; i < commit.chunk_count(); ++i) live.chunks.push_back(commit.chunk(i));
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

// Chunks come before their commit.
bool Recovery::chunks_are_whole(const CommitRecord& commit, std::uint64_t sequence) const noexcept {
  std::uint64_t octets = 0;
  for (std::uint32_t i = 0; i < commit.chunk_count(); ++i) {
    const Location chunk = commit.chunk(i);
    const SegmentScan* scan = chunk.sequence <= sequence ? scan_of(chunk.sequence) : nullptr;
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

bool RecoveryReport::sound() const noexcept {
  return kept.empty() && damaged_records == 0 && lost_messages == 0 &&
         std::ranges::none_of(segments, &SegmentReport::head_damaged);
}

RecoveryReport recover(LogDevice& device, std::span<const LogDevice::File> files, LiveIndex& index,
                       SegmentTable& table) {
  return Recovery(device, index, table).run(files);
}

}  // namespace sluice::queueing
