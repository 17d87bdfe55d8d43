#include "engine/base/block.h"

#include <sys/mman.h>

#include "engine/base/contract.h"

namespace sluice {

BlockPool::BlockPool(std::size_t count) : references_(count, 0), low_water_(count) {
  void* memory = mmap(nullptr, count * kBlockBytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  SLUICE_ASSERT(memory != MAP_FAILED);
  memory_ = static_cast<std::uint8_t*>(memory);
  free_.reserve(count);
  for (std::size_t i = count; i > 0; --i) free_.push_back(static_cast<std::uint32_t>(i - 1));
}

BlockPool::~BlockPool() {
  SLUICE_ASSERT(free_.size() == references_.size());  // every block came home
  munmap(memory_, references_.size() * kBlockBytes);
}

BlockRef BlockPool::acquire() noexcept {
  if (free_.empty()) return {};
  const std::uint32_t index = free_.back();
  free_.pop_back();
  if (free_.size() < low_water_) low_water_ = free_.size();
  references_[index] = 1;
  return {this, index};
}

}  // namespace sluice
