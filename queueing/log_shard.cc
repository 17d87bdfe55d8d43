#include "queueing/log_shard.h"

#include <algorithm>
#include <cerrno>
#include <numeric>

#include "engine/base/contract.h"

namespace sluice::queueing {
namespace {

// What a completion belongs to: the upper octet of its token.
constexpr LogDevice::Token kKind = 0xffULL << 56;
constexpr LogDevice::Token kWrite = 1ULL << 56;
constexpr LogDevice::Token kSync = 2ULL << 56;
constexpr LogDevice::Token kRead = 3ULL << 56;
constexpr LogDevice::Token kRewriteRead = 4ULL << 56;
constexpr LogDevice::Token kPrepare = 5ULL << 56;
constexpr LogDevice::Token kRemove = 6ULL << 56;

}  // namespace

LogShard::LogShard(const ShardOptions& options, LogDevice& device,
                   std::span<const LogDevice::File> files)
    : options_(options),
      device_(device),
      index_(options.messages_max),
      report_(recover(device, files, index_, table_)),
      supply_(options_, device, table_, report_.last_sequence),
      writer_(options_.segment_bytes, device, table_, supply_),
      reader_(kReadsMax, kRead, device, index_, table_),
      rewriter_(options_, kRewriteRead, device, index_, table_, writer_),
      cleaner_(options_, index_, table_, supply_, writer_, rewriter_),
      residents_(options.blocks, index_),
      arrivals_(options.arrivals_max, writer_, table_, residents_),
      outcomes_(writer_, table_) {
  // A spare of another size would have the copy of its head in another place.
  for (const LogDevice::File& file : files)
    if (file.bytes != options.segment_bytes + kSegmentHeaderBytes &&
        std::erase(report_.spares, file.id) > 0)
      report_.unfinished.push_back(file.id);
}

LogShard::~LogShard() {
  if (started_ && !failed_ && writer_.idle() && outcomes_.complete()) device_.mark_closed();
  device_.close();
}

std::int64_t LogShard::start() {
  if (device_.was_left_open())
    report_.notes.insert(report_.notes.begin(),
                         "the last engine did not close this queue: what it had delivered in its "
                         "last 200 ms, or had no room to note, may be delivered again");
  for (const std::uint32_t file : report_.unfinished) device_.remove_now(file);
  for (const std::uint32_t file : report_.kept) supply_.add_file(file);
  for (const std::uint32_t file : report_.spares) supply_.add_spare(file);
  // A message that only the kernel's cache held when the process stopped is recovered: from here on
  // it is relied upon, so it must be on the disk.
  for (std::size_t i = 0; i < table_.size(); ++i) {
    const Segment& segment = table_.at(i);
    supply_.add_file(segment.file);
    if (const std::int64_t result = device_.sync_now(segment.file); result < 0) return result;
  }
  writer_.saw_mid(report_.highest_mid);
  if (const std::int64_t result = supply_.start(report_.highest_mid); result < 0) return result;
  writer_.start();
  writer_.mark(report_.highest_mid);
  started_ = true;
  return 0;
}

std::optional<QueueError> LogShard::refusal() const noexcept {
  if (failed_) return QueueError::io_error;
  if (supply_.refused()) return QueueError::disk_full;
  return std::nullopt;
}

std::optional<QueueFault> LogShard::fault() const noexcept {
  if (failed_) return fault_;
  if (!supply_.refused()) return std::nullopt;
  return QueueFault{QueueError::disk_full, supply_.refusal_code(), "making a segment"};
}

std::expected<Handle, QueueError> LogShard::begin(Mid mid) noexcept {
  if (auto error = refusal()) return std::unexpected(*error);
  if (index_.size() + arrivals_.size() >= options_.messages_max)
    return std::unexpected(QueueError::too_many_messages);
  Arrival* const arrival = arrivals_.begin(mid);
  if (arrival == nullptr) return std::unexpected(QueueError::too_many_arrivals);
  return arrivals_.handle(*arrival);
}

std::expected<void, QueueError> LogShard::append(Handle handle, const BlockSlice& slice) noexcept {
  Arrival* arrival = arrivals_.find(handle);
  SLUICE_ASSERT(arrival != nullptr);
  SLUICE_ASSERT(slice.length <= kBlockBytes);
  if (auto error = refusal()) arrival->failed = error;
  if (arrival->failed) return std::unexpected(*arrival->failed);
  if (slice.length > 0 && !arrivals_.append(*arrival, slice))
    return std::unexpected(*arrival->failed);
  return {};
}

std::uint64_t LogShard::share(Handle handle, Handle from, std::uint64_t begin,
                              std::uint64_t end) noexcept {
  Arrival* const arrival = arrivals_.find(handle);
  const Arrival* const other = arrivals_.find(from);
  SLUICE_ASSERT(arrival != nullptr && other != nullptr && arrival->mid == other->mid);
  return arrival->failed ? 0 : arrivals_.share(*arrival, *other, begin, end);
}

std::expected<void, QueueError> LogShard::commit(Handle handle, const Acceptance& acceptance,
                                                 std::uint64_t token) noexcept {
  Arrival* arrival = arrivals_.find(handle);
  SLUICE_ASSERT(arrival != nullptr);
  SLUICE_ASSERT(acceptance.envelope->recipient_count() > 0);
  if (auto error = refusal()) arrival->failed = error;
  if (arrival->failed || !arrivals_.flush(*arrival)) return std::unexpected(*arrival->failed);
  const CommitRecord record{.icid = acceptance.icid,
                            .received = acceptance.received,
                            .body_size = arrival->body_size,
                            .scl = acceptance.scl,
                            .direction = acceptance.direction,
                            .stage = acceptance.stage,
                            .recipient_count = acceptance.envelope->recipient_count(),
                            .chunks = arrival->chunks,
                            .progress = {},
                            .envelope = acceptance.envelope->encoded(),
                            .added_header = acceptance.added_header};
  auto location = writer_.append(RecordType::commit, arrival->mid, encoded_bytes(record),
                                 [&](MutableBytes into) { encode(record, into); });
  if (!location) return std::unexpected(location.error());
  table_.reference(*location);
  writer_.saw_mid(arrival->mid);
  writer_.want_durable();

  LiveMessage& live = index_.insert(arrival->mid);
  live.commit = *location;
  live.chunks.assign(arrival->chunks.begin(), arrival->chunks.end());
  table_.note_record(location->sequence, arrival->mid, live.trail);
  index_.note_place(live);
  QueuedMessage& message = live.message;
  message.icid = acceptance.icid;
  message.received = acceptance.received;
  message.scl = acceptance.scl;
  message.direction = acceptance.direction;
  message.stage = acceptance.stage;
  message.body_size = arrival->body_size;
  message.envelope = *acceptance.envelope;
  message.added_header.assign(as_text(acceptance.added_header));
  LiveIndex::set_recipients(live, record.recipient_count);
  if (arrival->small) residents_.keep(live, arrival->resident);
  arrival->chunks.clear();  // they are the message's now
  waiting_.push({token, arrival->mid, writer_.offsets().dirty()});
  arrivals_.close(*arrival);
  return {};
}

void LogShard::abandon(Handle handle) noexcept {
  Arrival* arrival = arrivals_.find(handle);
  if (arrival == nullptr) return;
  if (arrival->mid > writer_.highest_mid()) {
    writer_.saw_mid(arrival->mid);
    writer_.mark(arrival->mid);
  }
  arrivals_.close(*arrival);
}

bool LogShard::next_committed(Committed& out) noexcept {
  if (committed_.empty()) return false;
  out = committed_.pop();
  return true;
}

bool LogShard::next_due(WallTime now, Mid& out) noexcept {
  LiveMessage* live = failed_ ? nullptr : index_.next_due(now);
  if (live == nullptr) return false;
  out = live->message.mid;
  return true;
}

QueuedMessage* LogShard::find(Mid mid) noexcept {
  LiveMessage* live = index_.find(mid);
  return live != nullptr && live->durable ? &live->message : nullptr;
}

void LogShard::set_outcome(Mid mid, Rid rid, RecipientStatus status) noexcept {
  LiveMessage* live = index_.find(mid);
  if (live == nullptr || !live->durable || rid >= live->message.recipients.size()) return;
  RecipientProgress progress = live->message.recipients[rid];
  progress.status = status;
  if (progress.listed != kNotListed) count_outcome(index_.hosts().host(progress.listed), status);
  index_.apply(*live, rid, progress);
  outcomes_.log(*live, rid, progress);
  if (!live->message.leased && live->pending == 0) finish(*live);
}

void LogShard::set_deferred(Mid mid, Rid rid, WallTime next_attempt) noexcept {
  LiveMessage* live = index_.find(mid);
  if (live == nullptr || !live->durable || rid >= live->message.recipients.size()) return;
  RecipientProgress progress = live->message.recipients[rid];
  progress.next_attempt = next_attempt;
  if (progress.attempts < UINT16_MAX) ++progress.attempts;
  index_.apply(*live, rid, progress);
  live->resident.clear();
  outcomes_.log(*live, rid, progress);
}

void LogShard::set_delay_told(Mid mid, Rid rid) noexcept {
  LiveMessage* live = index_.find(mid);
  if (live == nullptr || !live->durable || rid >= live->message.recipients.size()) return;
  RecipientProgress progress = live->message.recipients[rid];
  progress.delay_told = true;
  index_.apply(*live, rid, progress);
  outcomes_.log(*live, rid, progress);
}

bool LogShard::unlease(Mid mid) noexcept {
  LiveMessage* live = index_.find(mid);
  if (live == nullptr || !live->message.leased) return false;
  if (live->pending > 0) {
    index_.unlease(*live);
    return false;
  }
  finish(*live);
  return true;
}

bool LogShard::next_unscanned(WallTime now, Mid& out) noexcept {
  LiveMessage* live = failed_ ? nullptr : index_.next_unscanned(now);
  if (live == nullptr) return false;
  out = live->message.mid;
  return true;
}

void LogShard::postpone_unscanned(Mid mid, WallTime until) noexcept {
  LiveMessage* live = index_.find(mid);
  if (live != nullptr && live->message.leased && !unlease(mid))
    index_.postpone_unscanned(*live, until);
}

// The index follows at once; the record is synced with the next outcomes. A message that leaves the
// memory before that is scanned again after the next start.
bool LogShard::set_stage(Mid mid, const StageChange& change) noexcept {
  LiveMessage* live = index_.find(mid);
  if (live == nullptr || !live->durable || failed_) return false;
  QueuedMessage& message = live->message;
  const Stage before = message.stage;
  const std::int8_t scl_before = message.scl;
  const std::size_t header_before = message.added_header.size();
  message.stage = change.stage;
  if (change.scl) message.scl = *change.scl;
  message.added_header.append(change.stamps);
  const bool stored = rewriter_.recommit(*live);
  message.stage = before;
  if (!stored) {
    message.scl = scl_before;
    message.added_header.resize(header_before);
    return false;
  }
  index_.set_stage(*live, change.stage);
  return true;
}

void LogShard::answered(Mid mid, Rid rid, const PeerAnswer& answer) noexcept {
  LiveMessage* live = index_.find(mid);
  if (live == nullptr || rid >= live->message.recipients.size()) return;
  const std::uint32_t listed = live->message.recipients[rid].listed;
  if (listed == kNotListed) return;
  note_answer(index_.hosts().host(listed), live->message, rid, answer);
}

QueuedMessage* LogShard::at_slot(std::uint32_t slot) noexcept {
  LiveMessage* live = slot < index_.slots() ? index_.at(slot) : nullptr;
  return live != nullptr && live->durable ? &live->message : nullptr;
}

void LogShard::make_due(Mid mid, WallTime now) noexcept {
  LiveMessage* live = index_.find(mid);
  if (live != nullptr && live->durable) index_.make_due(*live, now);
}

void LogShard::finish(LiveMessage& live) noexcept {
  release_records(live);
  index_.erase(live);
}

void LogShard::release_records(LiveMessage& live) noexcept {
  table_.release(live.commit);
  for (const Location& chunk : live.chunks) table_.release(chunk);
}

bool LogShard::read(Mid mid, std::uint64_t offset, MutableBytes into,
                    std::uint64_t token) noexcept {
  LiveMessage* live = index_.find(mid);
  return live != nullptr && live->durable && reader_.start(*live, offset, into, token);
}

std::size_t LogShard::poll(Instant now) noexcept {
  supply_.poll(now, writer_.highest_mid(), kPrepare);
  const std::size_t begun = writer_.poll(now, kWrite, kSync);
  if (!failed_) {
    outcomes_.poll();
    rewriter_.poll(now);
    cleaner_.poll(now);
  }
  const std::size_t stepped = index_.step() ? 1 : 0;
  reclaim();
  residents_.drop();
  std::array<LogDevice::Completion, 64> completions;
  const std::size_t count = device_.poll(completions);
  for (std::size_t i = 0; i < count; ++i) dispatch(completions[i], now);
  settle_commits();
  return begun + stepped + count;
}

void LogShard::dispatch(const LogDevice::Completion& completion, Instant now) noexcept {
  std::optional<QueueError> error;
  switch (completion.token & kKind) {
    case kWrite: error = writer_.on_written(completion.result); break;
    case kSync: error = writer_.on_synced(completion.result); break;
    case kRead: reader_.on_read(completion.token, completion.result); break;
    case kRewriteRead: rewriter_.on_read(completion.token, completion.result); break;
    case kPrepare:
      if (!supply_.prepared(now, completion.result)) error = QueueError::disk_full;
      break;
    case kRemove: supply_.removed(static_cast<std::uint32_t>(completion.token)); break;
    default: SLUICE_ASSERT(false);
  }
  if (!error) return;
  if (*error == QueueError::io_error && !failed_) note_fault(completion);
  fail_unsynced(*error);
}

void LogShard::note_fault(const LogDevice::Completion& completion) noexcept {
  fault_ = {QueueError::io_error,
            completion.result < 0 ? static_cast<int>(-completion.result) : EIO,
            (completion.token & kKind) == kSync ? "sync" : "write"};
}

// Whatever is not durable yet may be lost: nobody gets a 250 for it.
void LogShard::fail_unsynced(QueueError error) noexcept {
  settle_commits();
  if (error == QueueError::io_error) failed_ = true;
  rewriter_.fail();
  cleaner_.fail();
  arrivals_.fail(error, failed_);
  while (!waiting_.empty()) {
    const WaitingCommit commit = waiting_.pop();
    committed_.push({commit.token, commit.mid, std::unexpected(error), {}});
    LiveMessage* live = index_.find(commit.mid);
    SLUICE_ASSERT(live != nullptr);
    // Its record may yet come to be on the disk: the refused message must not reappear.
    outcomes_.log(*live, kAllRecipients, {.status = RecipientStatus::deleted});
    finish(*live);
  }
}

void LogShard::settle_commits() noexcept {
  while (!waiting_.empty() && waiting_.front().end <= writer_.offsets().durable()) {
    const WaitingCommit commit = waiting_.pop();
    LiveMessage* live = index_.find(commit.mid);
    SLUICE_ASSERT(live != nullptr);
    index_.set_durable(*live);
    ++commits_;
    committed_.push({commit.token, commit.mid, {}, live->message.stage});
  }
}

// A dead tail is freed when everything appended up to its death is durable: the outcomes that made
// it so, and the mark of the highest MID in the head.
void LogShard::reclaim() noexcept {
  while (table_.size() > 1 && table_.tail().references == 0) {
    if (dead_tail_ != table_.tail().sequence) {
      dead_tail_ = table_.tail().sequence;
      dead_until_ = writer_.offsets().dirty();
    }
    if (failed_ || writer_.offsets().durable() < dead_until_) return;
    supply_.retire_tail(kRemove);
  }
}

bool LogShard::idle() const noexcept {
  return writer_.idle() && waiting_.empty() && committed_.empty() && reader_.idle() &&
         rewriter_.idle() && cleaner_.idle() && supply_.idle() && !index_.stepping() &&
         (outcomes_.empty() || refusal());
}

ShardCounts LogShard::counts() const noexcept {
  const QueueSizes& queues = index_.queues();
  return {.messages = std::accumulate(queues.begin(), queues.end(), std::uint64_t{0}),
          .queues = queues,
          .arriving = arrivals_.size(),
          .unscanned = index_.unscanned(),
          .segments = table_.size(),
          .bytes_on_disk = supply_.files() * options_.segment_bytes,
          .syncs = writer_.syncs(),
          .commits = commits_,
          .bytes_written = writer_.bytes_written()};
}

}  // namespace sluice::queueing
