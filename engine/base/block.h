// Message blocks: the fixed-size, page-aligned buffers that a message's octets are written into
// once and then read from by the scanner, the segment writer and delivery. Planned at start, one
// pool per core; counts are plain ints because a block never leaves its core.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "engine/base/bytes.h"

namespace sluice {

inline constexpr std::size_t kBlockBytes = 16 * 1024;

class BlockPool;

// Counted reference. Octets below the writer's cursor are immutable once shared.
class BlockRef {
 public:
  BlockRef() = default;
  BlockRef(const BlockRef& other) noexcept;
  BlockRef(BlockRef&& other) noexcept
      : pool_(std::exchange(other.pool_, nullptr)), index_(other.index_) {}
  BlockRef& operator=(BlockRef other) noexcept {
    std::swap(pool_, other.pool_);
    std::swap(index_, other.index_);
    return *this;
  }
  ~BlockRef() { reset(); }

  explicit operator bool() const noexcept { return pool_ != nullptr; }
  void reset() noexcept;
  std::uint8_t* data() const noexcept;

 private:
  friend class BlockPool;
  BlockRef(BlockPool* pool, std::uint32_t index) : pool_(pool), index_(index) {}
  BlockPool* pool_ = nullptr;
  std::uint32_t index_ = 0;
};

class BlockPool {
 public:
  explicit BlockPool(std::size_t count);
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;
  ~BlockPool();

  BlockRef acquire() noexcept;  // empty reference when the pool is exhausted
  std::size_t available() const noexcept { return free_.size(); }
  std::size_t capacity() const noexcept { return references_.size(); }
  std::size_t low_water() const noexcept { return low_water_; }

 private:
  friend class BlockRef;
  std::uint8_t* memory_ = nullptr;
  std::vector<std::uint32_t> references_;
  std::vector<std::uint32_t> free_;
  std::size_t low_water_ = 0;
};

inline BlockRef::BlockRef(const BlockRef& other) noexcept
    : pool_(other.pool_), index_(other.index_) {
  if (pool_ != nullptr) ++pool_->references_[index_];
}

inline void BlockRef::reset() noexcept {
  if (pool_ == nullptr) return;
  if (--pool_->references_[index_] == 0) pool_->free_.push_back(index_);
  pool_ = nullptr;
}

inline std::uint8_t* BlockRef::data() const noexcept {
  return pool_->memory_ + static_cast<std::size_t>(index_) * kBlockBytes;
}

// A run of immutable octets within a block.
struct BlockSlice {
  BlockRef block;
  std::uint32_t offset = 0;
  std::uint32_t length = 0;
  ByteView bytes() const noexcept { return {block.data() + offset, length}; }
};

}  // namespace sluice
