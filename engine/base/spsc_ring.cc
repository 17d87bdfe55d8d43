#include "engine/base/spsc_ring.h"

namespace sluice {

SpscByteRing::SpscByteRing(std::size_t capacity)
    : capacity_(capacity), data_(std::make_unique<std::uint8_t[]>(capacity)) {
  SLUICE_ASSERT(capacity >= 64 && (capacity & (capacity - 1)) == 0);
}

std::uint8_t* SpscByteRing::reserve(std::size_t size) noexcept {
  const std::uint64_t head = head_.load(std::memory_order_relaxed);
  const std::uint64_t tail = tail_.load(std::memory_order_acquire);
  const std::size_t need = padded(size);
  const std::size_t offset = head & (capacity_ - 1);
  const std::size_t until_end = capacity_ - offset;
  const std::size_t skip = need > until_end ? until_end : 0;
  if (need > capacity_ / 2 || head + skip + need - tail > capacity_) {
    dropped_.fetch_add(1, std::memory_order_relaxed);
    return nullptr;
  }
  if (skip > 0) std::memcpy(&data_[offset], &kSkip, sizeof kSkip);
  const std::uint64_t start = head + skip;
  const auto length = static_cast<std::uint32_t>(size);
  std::uint8_t* record = &data_[start & (capacity_ - 1)];
  std::memcpy(record, &length, sizeof length);
  reserved_head_ = start + need;
  return record + sizeof length;
}

void SpscByteRing::publish() noexcept { head_.store(reserved_head_, std::memory_order_release); }

ByteView SpscByteRing::front() noexcept {
  for (;;) {
    const std::uint64_t tail = tail_.load(std::memory_order_relaxed);
    if (tail == head_.load(std::memory_order_acquire)) return {};
    const std::size_t offset = tail & (capacity_ - 1);
    std::uint32_t length = 0;
    std::memcpy(&length, &data_[offset], sizeof length);
    if (length != kSkip) return {&data_[offset + sizeof length], length};
    tail_.store(tail + (capacity_ - offset), std::memory_order_release);
  }
}

void SpscByteRing::release() noexcept {
  const std::uint64_t tail = tail_.load(std::memory_order_relaxed);
  std::uint32_t length = 0;
  std::memcpy(&length, &data_[tail & (capacity_ - 1)], sizeof length);
  tail_.store(tail + padded(length), std::memory_order_release);
}

}  // namespace sluice
