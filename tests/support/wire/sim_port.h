// The Port of a simulated host: what its stack transmits goes to the next node, what a node gives
// it is received. A transmitted packet stays referenced for `transmit_hold`, as in a device's ring,
// so that retransmission meets shared packets.
#pragma once

#include <deque>
#include <functional>

#include "engine/net/arena_pool.h"
#include "engine/net/port.h"
#include "tests/support/wire/timeline.h"

namespace sluice::net::test {

class SimPort final : public Port, public Node {
 public:
  SimPort(Timeline& timeline, const MacAddress& mac, std::size_t packets)
      : timeline_(timeline), mac_(mac), pool_(packets) {}
  ~SimPort() override { held_.clear(); }

  MacAddress mac() const noexcept override { return mac_; }
  std::uint16_t mtu() const noexcept override { return 1500; }
  PortCapabilities capabilities() const noexcept override { return capabilities_; }
  ArenaPool& pool() noexcept override { return pool_; }
  std::size_t receive(std::span<Packet*> out) noexcept override;
  std::size_t transmit(std::span<Packet*> frames) noexcept override;
  bool flow_is_ours(const Packet& reply) const noexcept override {
    return !flow_filter || flow_filter(reply);
  }
  bool hand_over(Packet* frame) noexcept override { return passes_on && passes_on(frame); }
  void take(Frame frame) override { arrived_.push_back(std::move(frame)); }

  void offer(const PortCapabilities& capabilities) { capabilities_ = capabilities; }
  bool has_arrived() const { return !arrived_.empty(); }
  bool all_home() const { return pool_.available() == pool_.capacity(); }
  void release_sent();  // what the device has held long enough
  Instant next_release() const { return held_.empty() ? Instant::never() : held_.front().until; }

  Duration transmit_hold{};
  std::function<bool(const Packet&)> flow_filter;
  std::function<bool(Packet*)> passes_on;     // whether it took the frame for another core
  std::function<void(ByteView)> on_transmit;  // sees every frame that leaves
  std::size_t transmit_room = SIZE_MAX;       // frames the device still takes

 private:
  struct Held {
    Instant until;
    PacketPtr packet;
  };

  Timeline& timeline_;
  MacAddress mac_;
  ArenaPool pool_;
  PortCapabilities capabilities_;
  std::deque<Frame> arrived_;
  std::deque<Held> held_;
};

}  // namespace sluice::net::test
