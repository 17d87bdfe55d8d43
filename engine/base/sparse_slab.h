// A fixed pool of T for large capacities: address space for all of it is reserved once, and a page
// costs memory only from its first use on. Elements are named by a 32-bit index; freed ones are
// used again before new ones, last freed first, so that few open elements stay on few pages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <utility>

#include "engine/base/contract.h"

namespace sluice {

template <typename T>
class SparseSlab {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  explicit SparseSlab(std::size_t capacity)
      : capacity_(static_cast<std::uint32_t>(capacity)),
        // Zero pages of the kernel: nothing is touched here.
        cells_(static_cast<T*>(std::calloc(capacity, sizeof(T)))),
        links_(static_cast<std::uint32_t*>(std::calloc(capacity, sizeof(std::uint32_t)))) {
    static_assert(alignof(T) <= alignof(std::max_align_t));
    SLUICE_ASSERT(capacity == 0 || (cells_ != nullptr && links_ != nullptr));
  }
  SparseSlab(const SparseSlab&) = delete;
  SparseSlab& operator=(const SparseSlab&) = delete;
  ~SparseSlab() {
    for_each([](T& element) { std::destroy_at(&element); });
    std::free(cells_);
    std::free(links_);
  }

  // A new element, or nullptr when all are in use.
  template <typename... Args>
  T* acquire(Args&&... args) {
    std::uint32_t index = first_free_;
    if (index != kNone) {
      first_free_ = links_[index];
    } else if (touched_ < capacity_) {
      index = touched_++;
    } else {
      return nullptr;
    }
    links_[index] = kInUse;
    ++in_use_;
    return std::construct_at(&cells_[index], std::forward<Args>(args)...);
  }

  void release(T& element) noexcept {
    const std::uint32_t index = index_of(element);
    SLUICE_ASSERT(links_[index] == kInUse);
    std::destroy_at(&element);
    links_[index] = first_free_;
    first_free_ = index;
    --in_use_;
  }

  std::uint32_t index_of(const T& element) const noexcept {
    return static_cast<std::uint32_t>(&element - cells_);
  }
  T& at(std::uint32_t index) noexcept { return cells_[index]; }
  const T& at(std::uint32_t index) const noexcept { return cells_[index]; }
  T* data() noexcept { return cells_; }
  bool in_use(std::uint32_t index) const noexcept {
    return index < touched_ && links_[index] == kInUse;
  }

  std::size_t capacity() const noexcept { return capacity_; }
  std::size_t in_use() const noexcept { return in_use_; }
  std::size_t available() const noexcept { return capacity_ - in_use_; }
  std::size_t bytes_touched() const noexcept {
    return touched_ * (sizeof(T) + sizeof(std::uint32_t));
  }

  template <typename Visit>
  void for_each(Visit&& visit) {
    for (std::uint32_t i = 0; i < touched_; ++i)
      if (links_[i] == kInUse) visit(cells_[i]);
  }

 private:
  static constexpr std::uint32_t kInUse = UINT32_MAX - 1;

  std::uint32_t capacity_;
  T* cells_;
  std::uint32_t* links_;  // per cell: kInUse, or the next free one
  std::uint32_t first_free_ = kNone;
  std::uint32_t touched_ = 0;  // cells from here on were never used
  std::uint32_t in_use_ = 0;
};

}  // namespace sluice
