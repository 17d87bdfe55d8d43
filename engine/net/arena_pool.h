// A PacketPool over plain memory: for the simulator, the tests and the conformance library. The
// memory is reserved at once and becomes real page by page when packets are first used. Beside the
// packets of the usual room there may be some for 65,535 octets, which only who asks for them gets.
#pragma once

#include "engine/net/packet.h"

namespace sluice::net {

inline constexpr std::uint32_t kDatagramMax = 65'535;  // octets of an IP packet

class ArenaPool final : public PacketPool {
 public:
  explicit ArenaPool(std::size_t count, std::uint32_t room = kPacketRoom,
                     std::size_t large_count = 0);

  Packet* allocate() noexcept override { return usual_.allocate(*this); }
  Packet* allocate_large() noexcept { return large_.allocate(*this); }
  void free(Packet* packet) noexcept override;
  void retain(Packet* packet) noexcept override;
  bool shared(const Packet* packet) const noexcept override;
  std::size_t available() const noexcept override { return usual_.available(); }
  std::uint32_t room() const noexcept override { return usual_.room(); }

  std::size_t capacity() const noexcept { return usual_.capacity(); }
  std::size_t in_use() const noexcept { return usual_.in_use() + large_.in_use(); }
  std::size_t octets_in_use() const noexcept {
    return usual_.in_use() * usual_.cell_octets() + large_.in_use() * large_.cell_octets();
  }

 private:
  // Equal cells: the Packet, its headroom, its room.
  class Cells {
   public:
    Cells(std::size_t count, std::uint32_t room);
    Cells(const Cells&) = delete;
    Cells& operator=(const Cells&) = delete;
    ~Cells();

    Packet* allocate(PacketPool& pool) noexcept;
    void put_back(Packet* packet) noexcept;
    bool owns(const Packet* packet) const noexcept;

    std::uint32_t room() const noexcept { return room_; }
    std::size_t capacity() const noexcept { return count_; }
    std::size_t in_use() const noexcept { return in_use_; }
    std::size_t available() const noexcept { return count_ - in_use_; }
    std::size_t cell_octets() const noexcept { return cell_octets_; }

   private:
    std::size_t count_;
    std::uint32_t room_;
    std::size_t cell_octets_;
    std::uint8_t* memory_ = nullptr;
    std::size_t touched_ = 0;  // cells from here on were never used
    std::size_t in_use_ = 0;
    Packet* free_ = nullptr;  // chained by Packet::next
  };

  Cells usual_;
  Cells large_;
};

}  // namespace sluice::net
