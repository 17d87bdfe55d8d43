// The Shard over a segment log: commits, outcomes and leases; the parts do the rest.
#pragma once

#include <array>
#include <optional>

#include "queueing/arrivals.h"
#include "queueing/body_reader.h"
#include "queueing/cleaner.h"
#include "queueing/fifo.h"
#include "queueing/outcome_log.h"
#include "queueing/recovery.h"
#include "queueing/residents.h"
#include "queueing/rewriter.h"
#include "queueing/segment_supply.h"
#include "queueing/segment_writer.h"
#include "queueing/shard.h"

namespace sluice::queueing {

class LogShard final : public Shard {
 public:
  LogShard(const ShardOptions& options, LogDevice& device, std::span<const LogDevice::File> files);
  ~LogShard() override;
  std::int64_t start();  // 0 or -errno

  Mid highest_mid() const noexcept override { return writer_.highest_mid(); }
  const RecoveryReport* recovery() const noexcept override { return &report_; }

  std::optional<QueueFault> fault() const noexcept override;

  std::expected<Handle, QueueError> begin(Mid mid) noexcept override;
  std::uint64_t share(Handle handle, Handle from, std::uint64_t begin,
                      std::uint64_t end) noexcept override;
  std::expected<void, QueueError> append(Handle arrival, const BlockSlice& slice) noexcept override;
  std::expected<void, QueueError> commit(Handle arrival, const Acceptance& acceptance,
                                         std::uint64_t token) noexcept override;
  void abandon(Handle arrival) noexcept override;
  bool next_committed(Committed& out) noexcept override;

  bool next_due(WallTime now, Mid& out) noexcept override;
  WallTime earliest_due() const noexcept override {
    return failed_ ? WallTime{INT64_MAX} : index_.earliest_due();
  }
  QueuedMessage* find(Mid mid) noexcept override;
  void set_outcome(Mid mid, Rid rid, RecipientStatus status) noexcept override;
  void set_deferred(Mid mid, Rid rid, WallTime next_attempt) noexcept override;
  void set_delay_notice(Duration age) noexcept override { index_.set_delay_notice(age); }
  void set_delay_told(Mid mid, Rid rid) noexcept override;
  bool unlease(Mid mid) noexcept override;
  void flush_due(WallTime now) noexcept override { index_.flush(now); }

  void clock_was_set(const ClockChange& change) noexcept override { index_.clock_was_set(change); }

  bool next_unscanned(WallTime now, Mid& out) noexcept override;
  WallTime earliest_unscanned() const noexcept override {
    return failed_ ? WallTime{INT64_MAX} : index_.earliest_unscanned();
  }
  void postpone_unscanned(Mid mid, WallTime until) noexcept override;
  bool set_stage(Mid mid, const StageChange& change) noexcept override;

  void answered(Mid mid, Rid rid, const PeerAnswer& answer) noexcept override;
  HostIndex* hosts() noexcept override { return &index_.hosts(); }
  QueuedMessage* at_slot(std::uint32_t slot) noexcept override;
  void hold(std::string_view host, bool held) override { index_.hold(host, held); }
  void make_due(Mid mid, WallTime now) noexcept override;

  bool read(Mid mid, std::uint64_t offset, MutableBytes into,
            std::uint64_t token) noexcept override;
  bool next_read(ReadDone& out) noexcept override { return reader_.next(out); }

  std::size_t poll(Instant now) noexcept override;
  bool idle() const noexcept override;
  ShardCounts counts() const noexcept override;
  bool visit(std::size_t& cursor, std::size_t count, const MessageVisitor& visit) override {
    return index_.visit(cursor, count, visit);
  }

 private:
  struct WaitingCommit {
    std::uint64_t token = 0;
    Mid mid = 0;
    LogPosition end = 0;
  };

  std::optional<QueueError> refusal() const noexcept;
  void finish(LiveMessage& live) noexcept;
  void release_records(LiveMessage& live) noexcept;

  void dispatch(const LogDevice::Completion& completion, Instant now) noexcept;
  void fail_unsynced(QueueError error) noexcept;
  void note_fault(const LogDevice::Completion& completion) noexcept;
  void settle_commits() noexcept;
  void reclaim() noexcept;

  const ShardOptions options_;
  LogDevice& device_;
  SegmentTable table_;
  LiveIndex index_;
  RecoveryReport report_;
  SegmentSupply supply_;
  SegmentWriter writer_;
  BodyReader reader_;
  Rewriter rewriter_;
  Cleaner cleaner_;
  Residents residents_;
  Arrivals arrivals_;
  OutcomeLog outcomes_;
  Fifo<WaitingCommit> waiting_;
  Fifo<Committed> committed_;
  bool started_ = false;
  bool failed_ = false;
  QueueFault fault_;             // while failed_
  std::uint64_t dead_tail_ = 0;  // sequence of the tail that nothing needs any more
  LogPosition dead_until_ = 0;   // it is freed when this is durable
  std::uint64_t commits_ = 0;
};

}  // namespace sluice::queueing
