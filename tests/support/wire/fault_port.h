// A port with a faulty wire in front of it: the stages of the simulated wire in real time, so that
// a stack meets real peers under losses, delays and reordering that come from a seed. Frames are
// copied on the way; offloads of the device are not used.
#pragma once

#include <deque>

#include "engine/net/port.h"
#include "tests/support/wire/path.h"

namespace sluice::net::test {

class FaultPort final : public Port {
 public:
  // `port` and `clock` outlive it. What comes in meets `in`, what goes out meets `out`.
  FaultPort(Port& port, Clock& clock, const WireOptions& in, const WireOptions& out,
            std::uint64_t seed);

  MacAddress mac() const noexcept override { return port_.mac(); }
  std::uint16_t mtu() const noexcept override { return port_.mtu(); }
  PortCapabilities capabilities() const noexcept override {
    return {.ethernet = port_.capabilities().ethernet};
  }
  PacketPool& pool() noexcept override { return port_.pool(); }
  // Also moves on what is under way in both directions.
  std::size_t receive(std::span<Packet*> out) noexcept override;
  std::size_t transmit(std::span<Packet*> frames) noexcept override;
  bool flow_is_ours(const Packet& reply) const noexcept override {
    return port_.flow_is_ours(reply);
  }

 private:
  struct Arrival final : Node {
    void take(Frame frame) override { frames.push_back(std::move(frame)); }
    std::deque<Frame> frames;
  };
  struct Departure final : Node {
    explicit Departure(Port& port_in) : port(port_in) {}
    void take(Frame frame) override;
    Port& port;
  };

  void take_in() noexcept;

  Port& port_;
  Clock& clock_;
  Timeline timeline_;
  Random random_;
  Path in_;
  Path out_;
  Arrival arrival_;
  Departure departure_;
};

}  // namespace sluice::net::test
