// Single-producer single-consumer rings between two threads: the only way cores talk.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

#include "engine/base/bytes.h"
#include "engine/base/contract.h"

namespace sluice {

inline constexpr std::size_t kCacheLine = 64;

// Ring of small values. Capacity is a power of two.
template <typename T>
class SpscRing {
 public:
  explicit SpscRing(std::size_t capacity)
      : mask_(capacity - 1), slots_(std::make_unique<T[]>(capacity)) {
    SLUICE_ASSERT(capacity >= 2 && (capacity & mask_) == 0);
  }

  // false when full; the value stays with the caller.
  bool push(T&& value) noexcept {
    const std::size_t head = head_.load(std::memory_order_relaxed);
    if (head - tail_.load(std::memory_order_acquire) > mask_) return false;
    slots_[head & mask_] = static_cast<T&&>(value);
    head_.store(head + 1, std::memory_order_release);
    return true;
  }

  bool pop(T& out) noexcept {
    const std::size_t tail = tail_.load(std::memory_order_relaxed);
    if (tail == head_.load(std::memory_order_acquire)) return false;
    out = static_cast<T&&>(slots_[tail & mask_]);
    tail_.store(tail + 1, std::memory_order_release);
    return true;
  }

  bool empty() const noexcept {
    return tail_.load(std::memory_order_acquire) == head_.load(std::memory_order_acquire);
  }

 private:
  alignas(kCacheLine) std::atomic<std::size_t> head_{0};
  alignas(kCacheLine) std::atomic<std::size_t> tail_{0};
  alignas(kCacheLine) std::size_t mask_;
  std::unique_ptr<T[]> slots_;
};

// Ring of variable-length records (log events). A record never wraps; the tail of the ring that is
// too short for one is skipped.
class SpscByteRing {
 public:
  explicit SpscByteRing(std::size_t capacity);

  // Space for `size` octets, or nullptr when the ring is full (nothing is changed, drop is
  // counted).
  std::uint8_t* reserve(std::size_t size) noexcept;
  void publish() noexcept;  // makes the reserved record visible

  // The oldest record, empty when there is none. Valid until release().
  ByteView front() noexcept;
  void release() noexcept;

  std::uint64_t dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::uint32_t kSkip = UINT32_MAX;
  static std::size_t padded(std::size_t size) { return (size + 4 + 7) & ~std::size_t{7}; }

  std::size_t capacity_;
  std::unique_ptr<std::uint8_t[]> data_;
  alignas(kCacheLine) std::atomic<std::uint64_t> head_{0};
  std::uint64_t reserved_head_ = 0;
  std::atomic<std::uint64_t> dropped_{0};
  alignas(kCacheLine) std::atomic<std::uint64_t> tail_{0};
};

}  // namespace sluice
