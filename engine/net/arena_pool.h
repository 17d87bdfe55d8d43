// A PacketPool over plain memory: for the simulator, the tests and the conformance library.
#pragma once

#include <vector>

#include "engine/net/packet.h"

namespace sluice::net {

class ArenaPool final : public PacketPool {
 public:
  explicit ArenaPool(std::size_t count);

  Packet* allocate() noexcept override;
  void free(Packet* packet) noexcept override;
  void retain(Packet* packet) noexcept override;
  bool shared(const Packet* packet) const noexcept override;
  std::size_t available() const noexcept override { return free_.size(); }
  std::size_t capacity() const noexcept { return packets_.size(); }

 private:
  std::size_t index_of(const Packet* packet) const noexcept;

  std::vector<Packet> packets_;
  std::vector<std::uint8_t> memory_;
  std::vector<std::uint32_t> references_;
  std::vector<std::uint32_t> free_;
};

}  // namespace sluice::net
