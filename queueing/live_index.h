// The unfinished messages of a shard in memory: by MID, by the time they are due for delivery or
// for a late scan, and by recipient host. Entries lie in pages that are never moved, so that a
// QueuedMessage* stays good until its message is finished; their buffers are reused from message to
// message. The records' references are the caller's. live_index.cc has the table of MIDs,
// live_queues.cc the order of the queues.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "engine/base/block.h"
#include "queueing/due_heap.h"
#include "queueing/format.h"
#include "queueing/host_index.h"
#include "queueing/queued_message.h"
#include "queueing/segment_table.h"

namespace sluice::queueing {

struct LiveMessage {
  QueuedMessage message;
  std::vector<Location> chunks;
  Location commit;
  RecordTrail trail;
  std::vector<BlockSlice> resident;  // the octets in memory, when delivery comes at once
  std::uint32_t slot = 0;
  std::uint32_t pending = 0;  // recipients
  bool durable = false;       // before that nobody but the group commit sees it
};

class LiveIndex {
 public:
  explicit LiveIndex(std::size_t capacity);

  std::size_t size() const noexcept { return size_; }            // with those not yet durable
  const QueueSizes& queues() const noexcept { return queues_; }  // only what is durable
  std::size_t unscanned() const noexcept { return unscanned_.size(); }  // without leased ones
  bool full() const noexcept { return size_ >= capacity_; }
  std::size_t slots() const noexcept { return mids_.size(); }
  LiveMessage* at(std::size_t slot) noexcept;  // nullptr: free

  LiveMessage& insert(Mid mid);  // of a MID that is not there; over capacity only in recovery
  LiveMessage* find(Mid mid) noexcept;
  void erase(LiveMessage& live) noexcept;

  // Where its records lie has been set.
  void note_place(const LiveMessage& live) noexcept;
  // The first message from `slot` on of which a record lies in the segment; `slot` is moved on. Up
  // to `count` slots are looked at.
  LiveMessage* next_in_segment(std::uint64_t sequence, std::size_t& slot, std::size_t count);

  void set_durable(LiveMessage& live);
  static void set_recipients(LiveMessage& live, std::uint32_t count);  // all pending
  // Sets what became of a recipient; false when there is no such recipient.
  bool apply(LiveMessage& live, Rid rid, const RecipientProgress& progress) noexcept;
  // From one stage to another; the message keeps its lease.
  void set_stage(LiveMessage& live, Stage stage);

  // Leases the message that is due longest; nullptr when none is (or a look at held ones has used
  // up this call: then earliest_due() is still in the past).
  LiveMessage* next_due(WallTime now) noexcept;
  LiveMessage* next_unscanned(WallTime now) noexcept;
  void postpone_unscanned(LiveMessage& live, WallTime until) noexcept;  // one that waits for it
  WallTime earliest_due() const noexcept;
  WallTime earliest_unscanned() const noexcept;
  void unlease(LiveMessage& live);

  void set_delay_notice(Duration age) noexcept;  // looks at every message

  // Everything deferred becomes due at `now`, in steps.
  void flush(WallTime now) noexcept;
  void make_due(LiveMessage& live, WallTime now) noexcept;
  void clock_was_set(const ClockChange& change) noexcept;  // looks at every message
  void hold(std::string_view host, bool held);
  // A slice of a flush or of a release; false when there is none under way.
  bool step() noexcept;
  bool stepping() const noexcept { return flushed_ < flush_end_ || !releasing_.empty(); }
  HostIndex& hosts() noexcept { return hosts_; }
  const HostIndex& hosts() const noexcept { return hosts_; }

  // Looks at up to `count` slots from `cursor` on, which is moved on; false at the end. What is
  // there all the time is seen once; the order is none.
  bool visit(std::size_t& cursor, std::size_t count, const MessageVisitor& visit);

 private:
  static constexpr std::size_t kPageEntries = 1024;
  static constexpr std::size_t kWarmEntries = 4096;  // free entries that keep their buffers
  static constexpr std::uint32_t kEmpty = UINT32_MAX;
  static constexpr std::size_t kSlotsPerStep = 1024;
  static constexpr std::size_t kReleasedPerStep = 256;
  static constexpr int kHeldPerCall = 64;

  LiveMessage& entry(std::uint32_t slot) noexcept {
    return pages_[slot / kPageEntries][slot % kPageEntries];
  }
  std::size_t bucket_of(Mid mid) const noexcept;
  std::size_t locate(Mid mid) const noexcept;  // its bucket, or the empty one where it would be
  void unlink_bucket(std::size_t hole) noexcept;
  void grow_table();
  void add_page();
  std::uint64_t& size_of_queue(const LiveMessage& live) noexcept {
    return queues_[static_cast<std::size_t>(live.message.queue())];
  }
  void list_recipients(LiveMessage& live);
  void unlist_recipients(LiveMessage& live) noexcept;
  void schedule(LiveMessage& live);
  WallTime notice_time(const QueuedMessage& message) const noexcept;
  bool release_some(HostRecord& host) noexcept;

  std::size_t capacity_;
  std::size_t size_ = 0;
  QueueSizes queues_{};
  std::vector<std::unique_ptr<LiveMessage[]>> pages_;
  std::vector<Mid> mids_;  // by slot; 0 = free
  // By slot, so that the search for what lies in a segment need not look at the messages.
  struct Place {
    std::uint64_t first = 0;  // segments of its first and last record
    std::uint64_t last = 0;
  };
  std::vector<Place> places_;
  std::vector<std::uint32_t> free_;
  std::vector<std::uint32_t> buckets_;  // slots, open addressing, at most half full
  DueHeap due_;
  DueHeap unscanned_;  // by time of arrival
  HostIndex hosts_;
  Duration delay_notice_{};
  WallTime flush_time_;
  std::size_t flushed_ = 0;  // slots that the flush has been through
  std::size_t flush_end_ = 0;
  std::vector<std::string> releasing_;  // hosts whose parked recipients are being put back
};

}  // namespace sluice::queueing
