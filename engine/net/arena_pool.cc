#include "engine/net/arena_pool.h"

#include <sys/mman.h>

#include <memory>

#include "engine/base/contract.h"

namespace sluice::net {
namespace {

struct Cell {
  Packet packet;
  std::uint32_t references = 0;
};

constexpr std::size_t kCellAlign = 64;

Cell& cell_of(Packet* packet) noexcept { return *reinterpret_cast<Cell*>(packet); }
const Cell& cell_of(const Packet* packet) noexcept {
  return *reinterpret_cast<const Cell*>(packet);
}

}  // namespace

ArenaPool::Cells::Cells(std::size_t count, std::uint32_t room)
    : count_(count),
      room_(room),
      cell_octets_((sizeof(Cell) + kPacketHeadroom + room + kCellAlign - 1) & ~(kCellAlign - 1)) {
  if (count == 0) return;
  void* memory = mmap(nullptr, count * cell_octets_, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  SLUICE_ASSERT(memory != MAP_FAILED);
  memory_ = static_cast<std::uint8_t*>(memory);
}

ArenaPool::Cells::~Cells() {
  if (memory_ != nullptr) munmap(memory_, count_ * cell_octets_);
}

Packet* ArenaPool::Cells::allocate(PacketPool& pool) noexcept {
  Packet* packet = free_;
  if (packet != nullptr) {
    free_ = packet->next;
  } else if (touched_ < count_) {
    packet = reinterpret_cast<Packet*>(memory_ + touched_++ * cell_octets_);
  } else {
    return nullptr;
  }
  ++in_use_;
  Cell* cell = std::construct_at(&cell_of(packet));
  cell->references = 1;
  cell->packet.pool = &pool;
  cell->packet.data = reinterpret_cast<std::uint8_t*>(cell + 1) + kPacketHeadroom;
  cell->packet.room = room_;
  return &cell->packet;
}

void ArenaPool::Cells::put_back(Packet* packet) noexcept {
  packet->next = free_;
  free_ = packet;
  --in_use_;
}

bool ArenaPool::Cells::owns(const Packet* packet) const noexcept {
  const auto* at = reinterpret_cast<const std::uint8_t*>(packet);
  return at >= memory_ && at < memory_ + touched_ * cell_octets_;
}

ArenaPool::ArenaPool(std::size_t count, std::uint32_t room, std::size_t large_count)
    : usual_(count, room), large_(large_count, kDatagramMax) {}

void ArenaPool::free(Packet* packet) noexcept {
  Cell& cell = cell_of(packet);
  SLUICE_ASSERT(cell.references > 0);
  if (--cell.references > 0) return;
  Cells& home = usual_.owns(packet) ? usual_ : large_;
  SLUICE_ASSERT(home.owns(packet));
  home.put_back(packet);
}

void ArenaPool::retain(Packet* packet) noexcept { ++cell_of(packet).references; }

bool ArenaPool::shared(const Packet* packet) const noexcept {
  return cell_of(packet).references > 1;
}

}  // namespace sluice::net
