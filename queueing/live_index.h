// The unfinished messages of a shard in memory: by MID, and by the time they are due. Entries lie
// in pages that are never moved, so that a QueuedMessage* stays good until its message is finished;
// their buffers are reused from message to message. The records' references are the caller's.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/base/block.h"
#include "queueing/due_heap.h"
#include "queueing/format.h"
#include "queueing/queued_message.h"

namespace sluice::queueing {

struct LiveMessage {
  QueuedMessage message;
  std::vector<Location> chunks;
  Location commit;
  std::vector<BlockSlice> resident;  // the octets in memory, when delivery comes at once
  std::uint32_t slot = 0;
  std::uint32_t pending = 0;  // recipients
  bool durable = false;       // before that nobody but the group commit sees it
};

class LiveIndex {
 public:
  explicit LiveIndex(std::size_t capacity);

  std::size_t size() const noexcept { return size_; }  // with those not yet durable
  std::size_t durable() const noexcept { return durable_; }
  bool full() const noexcept { return size_ >= capacity_; }
  std::size_t slots() const noexcept { return mids_.size(); }
  LiveMessage* at(std::size_t slot) noexcept;  // nullptr: free

  LiveMessage& insert(Mid mid);  // of a MID that is not there; over capacity only in recovery
  LiveMessage* find(Mid mid) noexcept;
  void erase(LiveMessage& live) noexcept;

  void set_durable(LiveMessage& live, WallTime due);
  static void set_recipients(LiveMessage& live, std::uint32_t count);  // all pending
  // Sets what became of a recipient; false when there is no such recipient.
  static bool apply(LiveMessage& live, Rid rid, const RecipientProgress& progress) noexcept;

  // Leases the message that is due longest; nullptr when none is.
  LiveMessage* next_due(WallTime now) noexcept;
  WallTime earliest_due() const noexcept;
  void unlease(LiveMessage& live);
  void make_all_due(WallTime now) noexcept { due_.make_all_due(now); }

  // In MID order from `from`; stops when visit returns false.
  void visit(Mid from, bool (*visit)(const QueuedMessage&, void*), void* context);

 private:
  static constexpr std::size_t kPageEntries = 1024;
  static constexpr std::size_t kWarmEntries = 4096;  // free entries that keep their buffers
  static constexpr std::uint32_t kEmpty = UINT32_MAX;

  LiveMessage& entry(std::uint32_t slot) noexcept {
    return pages_[slot / kPageEntries][slot % kPageEntries];
  }
  std::size_t bucket_of(Mid mid) const noexcept;
  std::size_t locate(Mid mid) const noexcept;  // its bucket, or the empty one where it would be
  void unlink_bucket(std::size_t hole) noexcept;
  void grow_table();
  void add_page();

  std::size_t capacity_;
  std::size_t size_ = 0;
  std::size_t durable_ = 0;
  std::vector<std::unique_ptr<LiveMessage[]>> pages_;
  std::vector<Mid> mids_;  // by slot; 0 = free
  std::vector<std::uint32_t> free_;
  std::vector<std::uint32_t> buckets_;  // slots, open addressing, at most half full
  DueHeap due_;
};

WallTime earliest_attempt(const QueuedMessage& message) noexcept;  // of the pending recipients

}  // namespace sluice::queueing
