// One core's part of the on-disk queue: an append-only segment log (FORMAT.md) with a live index.
// Chunks are appended while a message arrives; its commit record makes it exist; one group commit
// (write + sync) covers all messages that wait, and next_committed() tells when each is durable.
// dirty >= written >= durable holds at all times and is asserted in one place.
// Recipient outcomes are small records; a segment whose messages are all done is recycled.
// Not thread safe: everything happens on the owning core; other threads never see it.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/block.h"
#include "engine/base/bytes.h"
#include "engine/base/clock.h"
#include "engine/base/slab.h"
#include "engine/mail/envelope.h"
#include "engine/mail/ids.h"
#include "queueing/host_index.h"
#include "queueing/queued_message.h"

namespace sluice::queueing {

class LogDevice;        // log_device.h: the seam to the disk
struct RecoveryReport;  // recovery.h

enum class QueueError : std::uint8_t {
  disk_full,          // no room for a segment, or ENOSPC
  too_many_messages,  // messages_max
  too_many_arrivals,  // arrivals_max
  io_error,           // the device failed; the shard refuses new mail until reopened
};
const char* describe(QueueError error) noexcept;

// Why the shard takes no mail now. `code` is an errno; 0: segments_max has been reached.
struct QueueFault {
  QueueError error = QueueError::io_error;  // or disk_full
  int code = 0;
  const char* during = "";  // "write", "sync", "making a segment"
  bool operator==(const QueueFault&) const = default;
};
std::string describe(const QueueFault& fault);

struct ShardOptions {
  std::string directory;  // of this shard; created 0700
  std::uint32_t shard = 0;
  std::uint64_t segment_bytes = 64ULL * 1024 * 1024;
  std::uint32_t segments_max = 256;
  std::uint32_t segments_spare = 4;
  std::uint64_t disk_reserve = 256ULL * 1024 * 1024;
  std::uint32_t messages_max = 1'000'000;
  std::uint32_t arrivals_max = 1'024;
  // With the core's pool, messages just committed stay in memory for immediate delivery while at
  // least half of it is free.
  BlockPool* blocks = nullptr;
};

// What commit() stores with the octets.
struct Acceptance {
  const mail::Envelope* envelope = nullptr;
  ByteView added_header;  // lines put before the message at delivery: Received, stamps
  WallTime received;
  std::int8_t scl = 0;
  Icid icid = 0;
  Direction direction = Direction::inbound;
  Stage stage = Stage::delivery;
};

struct StageChange {
  Stage stage = Stage::delivery;
  std::optional<std::int8_t> scl;  // what a late scan has found
  std::string_view stamps;         // lines behind the added header
};

struct ShardCounts {
  std::uint64_t messages = 0;  // committed, not finished
  QueueSizes queues{};         // the same by QueueName
  std::uint64_t arriving = 0;
  std::uint64_t unscanned = 0;  // of the messages, those that wait for a scan
  std::uint64_t segments = 0;
  std::uint64_t bytes_on_disk = 0;
  std::uint64_t syncs = 0;          // since start
  std::uint64_t commits = 0;        // since start
  std::uint64_t bytes_written = 0;  // since start
};

class Shard {
 public:
  // Recovers what the directory holds. The text says which file and offset, and what to do. The
  // device must outlive the shard; both are closed on the thread that polls.
  static std::expected<std::unique_ptr<Shard>, std::string> open(const ShardOptions& options,
                                                                 LogDevice& device);
  virtual ~Shard() = default;

  virtual Mid highest_mid() const noexcept = 0;  // ever used in this directory
  // What was found at open(); nullptr when nothing was looked for.
  virtual const RecoveryReport* recovery() const noexcept { return nullptr; }

  // disk_full ends by itself; io_error stays until the directory is opened again, and nothing falls
  // due meanwhile: what became of it could not be noted, so it would be delivered again.
  virtual std::optional<QueueFault> fault() const noexcept { return {}; }

  // Arrival. append() takes a reference on the block; its octets must not change any more.
  // too_many_arrivals is also the answer when the disk does not keep up.
  virtual std::expected<Handle, QueueError> begin(Mid mid) noexcept = 0;
  virtual std::expected<void, QueueError> append(Handle arrival,
                                                 const BlockSlice& slice) noexcept = 0;
  // The octets from `begin` on of another arrival of the same message become the next ones of this:
  // as many whole chunks as lie before `end`, as they are in the log. Returns how many octets that
  // are; 0: append() them.
  virtual std::uint64_t share(Handle /*arrival*/, Handle /*from*/, std::uint64_t /*begin*/,
                              std::uint64_t /*end*/) noexcept {
    return 0;
  }
  // After success the handle is gone; next_committed() will return `token`.
  virtual std::expected<void, QueueError> commit(Handle arrival, const Acceptance& acceptance,
                                                 std::uint64_t token) noexcept = 0;
  virtual void abandon(Handle arrival) noexcept = 0;

  struct Committed {
    std::uint64_t token = 0;
    Mid mid = 0;
    std::expected<void, QueueError> result;
    Stage stage = Stage::delivery;
  };
  virtual bool next_committed(Committed& out) noexcept = 0;

  // Delivery. next_due() leases the message that is due longest; unlease() puts it back under the
  // earliest next_attempt of its pending recipients, or finishes it when none is pending. A message
  // that is not leased is finished by the outcome of its last pending recipient.
  virtual bool next_due(WallTime now, Mid& out) noexcept = 0;
  virtual WallTime earliest_due() const noexcept = 0;  // INT64_MAX: nothing waits
  virtual QueuedMessage* find(Mid mid) noexcept = 0;
  virtual void set_outcome(Mid mid, Rid rid, RecipientStatus status) noexcept = 0;
  virtual void set_deferred(Mid mid, Rid rid, WallTime next_attempt) noexcept = 0;  // attempts + 1
  // A message of which a recipient has failed is leased once it is this old, even between attempts,
  // until set_delay_told() says that its sender has been told; 0 = never. Not one of the null
  // sender.
  virtual void set_delay_notice(Duration) noexcept {}
  virtual void set_delay_told(Mid, Rid) noexcept {}
  virtual bool unlease(Mid mid) noexcept = 0;         // true: the message is finished and gone
  virtual void flush_due(WallTime now) noexcept = 0;  // what is deferred becomes due, in steps

  // The wall clock was set: what waits goes on waiting as long as it would have.
  virtual void clock_was_set(const ClockChange&) noexcept {}

  // The inbound and outbound queues. next_unscanned() leases the oldest message in Stage::scan;
  // set_stage() moves a message on, on the disk too (false: no room, nothing has changed).
  virtual bool next_unscanned(WallTime, Mid&) noexcept { return false; }
  virtual WallTime earliest_unscanned() const noexcept { return {INT64_MAX}; }
  // Gives a message of next_unscanned() back; it is not taken before `until`.
  virtual void postpone_unscanned(Mid, WallTime /*until*/) noexcept {}
  virtual bool set_stage(Mid, const StageChange&) noexcept { return false; }

  // What the operator sees and steers. answered() notes what a next hop has said of a recipient.
  virtual void answered(Mid, Rid, const PeerAnswer&) noexcept {}
  virtual HostIndex* hosts() noexcept { return nullptr; }
  virtual QueuedMessage* at_slot(std::uint32_t) noexcept { return nullptr; }
  virtual void hold(std::string_view /*host*/, bool /*held*/) {}
  virtual void make_due(Mid, WallTime) noexcept {}  // the pending recipients of one message

  // Reads body octets [offset, offset + into.size()) of a queued message (across chunks), checked
  // against their CRC; completes through next_read(). `into` must live until then. False: no such
  // message, or kReadsMax are under way. Fewer octets come only at the end of the message.
  static constexpr std::size_t kReadsMax = 64;
  virtual bool read(Mid mid, std::uint64_t offset, MutableBytes into,
                    std::uint64_t token) noexcept = 0;
  struct ReadDone {
    std::uint64_t token = 0;
    std::expected<std::size_t, QueueError> octets;
  };
  virtual bool next_read(ReadDone& out) noexcept = 0;

  // Once per tick: reaps completions, starts writes and group commits. Returns work done.
  virtual std::size_t poll(Instant now) noexcept = 0;
  virtual bool idle() const noexcept = 0;  // nothing dirty, nothing in flight
  virtual ShardCounts counts() const noexcept = 0;
  // Looks at up to `count` messages from `cursor` (0: the first) on; false at the end. In no order.
  virtual bool visit(std::size_t& cursor, std::size_t count, const MessageVisitor& visit) = 0;
};

}  // namespace sluice::queueing
