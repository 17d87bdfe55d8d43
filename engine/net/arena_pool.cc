#include "engine/net/arena_pool.h"

#include "engine/base/contract.h"

namespace sluice::net {
namespace {

constexpr std::size_t kCellBytes = kPacketHeadroom + kPacketRoom;

}  // namespace

ArenaPool::ArenaPool(std::size_t count)
    : packets_(count), memory_(count * kCellBytes), references_(count) {
  free_.reserve(count);
  for (std::size_t i = count; i > 0; --i) free_.push_back(static_cast<std::uint32_t>(i - 1));
}

Packet* ArenaPool::allocate() noexcept {
  if (free_.empty()) return nullptr;
  const std::uint32_t index = free_.back();
  free_.pop_back();
  references_[index] = 1;
  Packet& packet = packets_[index];
  packet = Packet{};
  packet.pool = this;
  packet.data = memory_.data() + index * kCellBytes + kPacketHeadroom;
  return &packet;
}

void ArenaPool::free(Packet* packet) noexcept {
  const std::size_t index = index_of(packet);
  SLUICE_ASSERT(references_[index] > 0);
  if (--references_[index] == 0) free_.push_back(static_cast<std::uint32_t>(index));
}

void ArenaPool::retain(Packet* packet) noexcept { ++references_[index_of(packet)]; }

bool ArenaPool::shared(const Packet* packet) const noexcept {
  return references_[index_of(packet)] > 1;
}

std::size_t ArenaPool::index_of(const Packet* packet) const noexcept {
  SLUICE_ASSERT(packet >= packets_.data() && packet < packets_.data() + packets_.size());
  return static_cast<std::size_t>(packet - packets_.data());
}

}  // namespace sluice::net
