// Small messages whose octets stay in memory until they are delivered, while blocks are plenty:
// what goes on at once is not read back from the disk.
#pragma once

#include <vector>

#include "engine/base/block.h"
#include "queueing/fifo.h"
#include "queueing/live_index.h"

namespace sluice::queueing {

class Residents {
 public:
  // `blocks`: those that messages arrive in; null: nothing stays.
  Residents(const BlockPool* blocks, LiveIndex& index) : blocks_(blocks), index_(index) {}

  bool blocks_plenty() const noexcept {
    return blocks_ != nullptr && blocks_->available() * 2 >= blocks_->capacity();
  }
  void keep(LiveMessage& live, std::vector<BlockSlice>& octets) noexcept {
    if (!blocks_plenty()) return;
    live.resident.swap(octets);
    mids_.push(live.message.mid);
  }
  // Oldest first, while less than half of the pool is free.
  void drop() noexcept {
    if (blocks_ == nullptr) return;
    while (!mids_.empty() && (!blocks_plenty() || mids_.size() > blocks_->capacity()))
      if (LiveMessage* live = index_.find(mids_.pop())) live->resident.clear();
  }

 private:
  const BlockPool* blocks_;
  LiveIndex& index_;
  Fifo<Mid> mids_;
};

}  // namespace sluice::queueing
