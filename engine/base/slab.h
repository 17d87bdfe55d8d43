// A fixed pool of T, planned at start. Elements are constructed once and reused, so that what they
// hold (buffers, Hyperscan streams) is kept. A Handle {slot, generation} names an element across
// asynchronous work; a stale one resolves to nullptr.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/base/contract.h"

namespace sluice {

struct Handle {
  std::uint32_t slot = UINT32_MAX;
  std::uint32_t generation = 0;
  bool operator==(const Handle&) const = default;
  constexpr std::uint64_t packed() const {
    return (static_cast<std::uint64_t>(generation) << 32) | slot;
  }
  static constexpr Handle unpack(std::uint64_t value) {
    return {static_cast<std::uint32_t>(value), static_cast<std::uint32_t>(value >> 32)};
  }
};

template <typename T>
class Slab {
 public:
  template <typename... Args>
  explicit Slab(std::size_t capacity, Args&&... args) {
    cells_ = std::allocator<Cell>().allocate(capacity);
    free_.reserve(capacity);
    for (; capacity_ < capacity; ++capacity_) std::construct_at(&cells_[capacity_], args...);
    for (std::size_t i = capacity; i > 0; --i) free_.push_back(static_cast<std::uint32_t>(i - 1));
    low_water_ = capacity;
  }
  Slab(const Slab&) = delete;
  Slab& operator=(const Slab&) = delete;
  ~Slab() {
    std::destroy_n(cells_, capacity_);
    std::allocator<Cell>().deallocate(cells_, capacity_);
  }

  // nullptr when the pool is empty: the caller refuses politely and counts it.
  T* acquire() noexcept {
    if (free_.empty()) return nullptr;
    std::uint32_t slot = free_.back();
    free_.pop_back();
    if (free_.size() < low_water_) low_water_ = free_.size();
    cells_[slot].in_use = true;
    return &cells_[slot].value;
  }

  void release(T& element) noexcept {
    Cell& cell = cell_of(element);
    SLUICE_ASSERT(cell.in_use);
    cell.in_use = false;
    ++cell.generation;
    free_.push_back(static_cast<std::uint32_t>(&cell - cells_));
  }

  Handle handle(const T& element) noexcept {
    Cell& cell = cell_of(const_cast<T&>(element));
    return {static_cast<std::uint32_t>(&cell - cells_), cell.generation};
  }

  T* find(Handle handle) noexcept {
    if (handle.slot >= capacity_) return nullptr;
    Cell& cell = cells_[handle.slot];
    return cell.in_use && cell.generation == handle.generation ? &cell.value : nullptr;
  }

  std::size_t capacity() const noexcept { return capacity_; }
  std::size_t available() const noexcept { return free_.size(); }
  std::size_t in_use() const noexcept { return capacity_ - free_.size(); }
  std::size_t low_water() const noexcept { return low_water_; }

  template <typename Visit>
  void for_each(Visit&& visit) {
    for (std::size_t i = 0; i < capacity_; ++i)
      if (cells_[i].in_use) visit(cells_[i].value);
  }

 private:
  struct Cell {
    template <typename... Args>
    explicit Cell(Args&... args) : value(args...) {}
    T value;  // first: an element and its cell have one address
    std::uint32_t generation = 1;
    bool in_use = false;
  };

  static Cell& cell_of(T& element) noexcept { return *reinterpret_cast<Cell*>(&element); }

  Cell* cells_ = nullptr;
  std::size_t capacity_ = 0;
  std::vector<std::uint32_t> free_;
  std::size_t low_water_ = 0;
};

}  // namespace sluice
