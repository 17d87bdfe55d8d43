// A wire between two ports in memory, with faults drawn from a seed. Frames take `delay`, pass a
// bottleneck, and may be lost, repeated, overtaken or damaged. A sender's packet stays referenced
// for `transmit_hold` after it left, as a device's ring does, so that retransmission meets shared
// packets.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/random.h"
#include "engine/net/arena_pool.h"
#include "engine/net/port.h"

namespace sluice::net::test {

struct WireOptions {
  Duration delay = microseconds(50);
  Duration jitter{};   // 0..jitter more for a frame that is overtaken
  double reorder = 0;  // share of frames that get the jitter
  double loss = 0;
  double duplicate = 0;
  double corrupt = 0;                 // one bit flipped
  std::uint64_t bits_per_second = 0;  // 0 = no bottleneck
  std::size_t queue_frames = 1'000;   // in front of the bottleneck, drop-tail
  Duration transmit_hold{};
};

class TestWire;

class TestPort final : public Port {
 public:
  TestPort(TestWire& wire, int side, std::size_t packets);
  ~TestPort() override;

  MacAddress mac() const noexcept override { return {2, 0, 0, 0, 0, static_cast<uint8_t>(side_)}; }
  std::uint16_t mtu() const noexcept override { return 1500; }
  PortCapabilities capabilities() const noexcept override { return capabilities_; }
  ArenaPool& pool() noexcept override { return pool_; }
  std::size_t receive(std::span<Packet*> out) noexcept override;
  std::size_t transmit(std::span<Packet*> frames) noexcept override;
  bool flow_is_ours(const Packet& reply) const noexcept override {
    return !flow_filter || flow_filter(reply);
  }
  void offer(const PortCapabilities& capabilities) { capabilities_ = capabilities; }

  std::function<bool(const Packet&)> flow_filter;
  std::function<void(ByteView)> on_transmit;  // sees every frame that leaves
  std::size_t transmit_room = SIZE_MAX;       // frames the device still takes

 private:
  friend class TestWire;
  struct Held {
    Instant until;
    PacketPtr packet;
  };

  TestWire& wire_;
  int side_;
  ArenaPool pool_;
  PortCapabilities capabilities_;
  std::deque<std::vector<std::uint8_t>> arrived_;
  std::deque<Held> held_;
};

class TestWire {
 public:
  TestWire(std::uint64_t seed, WireOptions options, std::size_t packets = 4'096);

  TestPort& port(int side) { return side == 0 ? a_ : b_; }
  void set_options(const WireOptions& options) { options_ = options; }
  void advance(Instant now);  // moves what is due into the ports
  Instant next_event() const;
  std::size_t in_flight() const { return flying_.size(); }
  // Puts a frame in front of a port, as if it had come over the wire.
  void inject(int side, std::vector<std::uint8_t> frame);

 private:
  friend class TestPort;
  struct Flying {
    int to;
    std::vector<std::uint8_t> octets;
  };
  void carry(int from, ByteView frame);
  Instant through_bottleneck(int from, std::size_t octets, bool& dropped);

  Random random_;
  WireOptions options_;
  Instant now_{};
  Instant busy_until_[2]{};
  std::multimap<std::int64_t, Flying> flying_;
  TestPort a_;
  TestPort b_;
};

}  // namespace sluice::net::test
