// The port of an instance: IP packets without a link header. What comes in is one packet at a time;
// what leaves waits, still as the stack's own packet, until the caller fetches it.
#pragma once

#include <deque>

#include "engine/base/clock.h"
#include "engine/net/arena_pool.h"
#include "engine/net/port.h"

namespace sluice::net::abi {

class RawPort final : public Port {
 public:
  explicit RawPort(std::uint16_t mtu);
  ~RawPort() override { departed_.clear(); }

  MacAddress mac() const noexcept override { return {2, 0, 0, 0, 0, 1}; }
  std::uint16_t mtu() const noexcept override { return mtu_; }
  PortCapabilities capabilities() const noexcept override { return {.ethernet = false}; }
  ArenaPool& pool() noexcept override { return pool_; }
  const ArenaPool& pool() const noexcept { return pool_; }
  std::size_t receive(std::span<Packet*> out) noexcept override;
  std::size_t transmit(std::span<Packet*> packets) noexcept override;

  // False when there is no packet buffer for it.
  bool arrive(ByteView octets) noexcept;
  void set_now(Instant now) noexcept { now_ = now; }

  struct Departed {
    PacketPtr packet;  // keeps the octets; its fields may move on while it is in flight
    ByteView octets;
    Instant when;
  };
  Departed* oldest() noexcept { return departed_.empty() ? nullptr : &departed_.front(); }
  void drop_oldest() noexcept { departed_.pop_front(); }

 private:
  std::uint16_t mtu_;
  ArenaPool pool_;
  Instant now_{};
  PacketPtr arrived_;
  std::deque<Departed> departed_;
};

}  // namespace sluice::net::abi
