#include "tests/support/wire/fault_port.h"

#include <algorithm>
#include <array>

namespace sluice::net::test {
namespace {

constexpr std::size_t kBurst = 32;

// nullptr when the pool is empty or the frame too large for its packets.
Packet* packet_of(const Frame& frame, PacketPool& pool) {
  if (frame.size() > kPacketRoom) return nullptr;
  Packet* packet = pool.allocate();
  if (packet == nullptr) return nullptr;
  std::copy(frame.begin(), frame.end(), packet->data);
  packet->length = static_cast<std::uint32_t>(frame.size());
  return packet;
}

}  // namespace

FaultPort::FaultPort(Port& port, Clock& clock, const WireOptions& in, const WireOptions& out,
                     std::uint64_t seed)
    : port_(port),
      clock_(clock),
      timeline_(clock.now()),
      random_(seed),
      in_(timeline_, random_, in),
      out_(timeline_, random_, out),
      departure_(port) {
  in_.feed(arrival_);
  out_.feed(departure_);
}

std::size_t FaultPort::receive(std::span<Packet*> out) noexcept {
  timeline_.advance(clock_.now());
  take_in();
  std::size_t count = 0;
  for (; count < out.size() && !arrival_.frames.empty(); arrival_.frames.pop_front())
    if (Packet* packet = packet_of(arrival_.frames.front(), pool())) out[count++] = packet;
  return count;
}

// Everything that the device has.
void FaultPort::take_in() noexcept {
  std::array<Packet*, kBurst> burst;
  std::size_t count = burst.size();
  while (count == burst.size()) {
    count = port_.receive(burst);
    for (std::size_t i = 0; i < count; ++i) {
      const PacketPtr packet(burst[i]);
      in_.take(Frame(packet->data, packet->data + packet->length));
    }
  }
}

std::size_t FaultPort::transmit(std::span<Packet*> frames) noexcept {
  timeline_.advance(clock_.now());
  for (Packet* frame : frames) {
    const PacketPtr packet(frame);
    out_.take(Frame(packet->data, packet->data + packet->length));
  }
  timeline_.advance(clock_.now());  // what has no delay leaves at once
  return frames.size();
}

void FaultPort::Departure::take(Frame frame) {
  Packet* packet = packet_of(frame, port.pool());
  if (packet != nullptr && port.transmit({&packet, 1}) == 0) PacketPtr(packet).reset();
}

}  // namespace sluice::net::test
