// The software distributor of one port: a ring per pair of workers, and the rule which worker owns
// which hash. The rule is that of a NIC's redirection table filled with 0, 1, 2, … workers-1, 0, …
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/base/spsc_ring.h"
#include "engine/net/packet.h"

namespace sluice::net {

inline constexpr std::uint32_t kRedirectionEntries = 128;  // where no device says otherwise
inline constexpr std::size_t kExchangePackets = 1'024;     // per pair of workers

class Exchange {
 public:
  // `table_entries`: size of the device's redirection table, a power of two.
  Exchange(unsigned workers, std::uint32_t table_entries)
      : workers_(workers), mask_(table_entries - 1), rings_(workers * workers) {
    SLUICE_ASSERT(workers > 0 && (table_entries & mask_) == 0);
    for (auto& ring : rings_) ring = std::make_unique<SpscRing<Packet*>>(kExchangePackets);
  }
  ~Exchange() { drain(); }

  // Frees what is in the rings, once the workers have left.
  void drain() noexcept {
    for (auto& ring : rings_)
      for (Packet* packet = nullptr; ring->pop(packet);) packet->pool->free(packet);
  }

  unsigned workers() const noexcept { return workers_; }
  unsigned owner(std::uint32_t hash) const noexcept { return (hash & mask_) % workers_; }

  // On worker `from`; false when the ring is full, the packet stays with the caller.
  bool give(unsigned from, unsigned to, Packet* packet) noexcept {
    return rings_[from * workers_ + to]->push(static_cast<Packet*&&>(packet));
  }

  // On worker `to`: packets that the others gave it.
  std::size_t take(unsigned to, std::span<Packet*> out) noexcept {
    std::size_t count = 0;
    for (unsigned from = 0; from < workers_; ++from) {
      SpscRing<Packet*>& ring = *rings_[from * workers_ + to];
      while (count < out.size() && ring.pop(out[count])) ++count;
    }
    return count;
  }

 private:
  unsigned workers_;
  std::uint32_t mask_;
  std::vector<std::unique_ptr<SpscRing<Packet*>>> rings_;
};

}  // namespace sluice::net
