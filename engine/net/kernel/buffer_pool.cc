#include "engine/net/kernel/buffer_pool.h"

#include <sys/mman.h>

#include "engine/base/contract.h"

namespace sluice::net {

BufferPool::BufferPool(std::size_t count, std::size_t octets)
    : octets_(octets), mapped_(count * octets) {
  void* memory = mmap(nullptr, mapped_, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  SLUICE_ASSERT(memory != MAP_FAILED);
  memory_ = static_cast<std::uint8_t*>(memory);
  free_.reserve(count);
  for (std::size_t i = count; i > 0; --i) free_.push_back(memory_ + (i - 1) * octets);
}

BufferPool::~BufferPool() { munmap(memory_, mapped_); }

std::uint8_t* BufferPool::acquire() noexcept {
  if (free_.empty()) return nullptr;
  std::uint8_t* buffer = free_.back();
  free_.pop_back();
  return buffer;
}

void BufferPool::release(std::uint8_t* buffer) noexcept { free_.push_back(buffer); }

}  // namespace sluice::net
