#include "tests/support/wire/sim_port.h"

#include <algorithm>

#include "engine/base/contract.h"
#include "engine/net/wire/ipv4.h"
#include "engine/net/wire/tcp.h"

namespace sluice::net::test {
namespace {

// What a device with offloads does on the way out.
void finish_checksums(Frame& frame, const Packet& packet) {
  std::uint8_t* ip = frame.data() + packet.l2_length;
  if ((packet.flags & kTxIpChecksum) != 0) fill_ipv4_checksum(ip);
  if ((packet.flags & kTxTcpChecksum) == 0) return;
  std::uint8_t* tcp = ip + packet.l3_length;
  const std::size_t length = frame.size() - packet.l2_length - packet.l3_length;
  store_tcp_checksum(tcp, internet_checksum({tcp, length}));
}

}  // namespace

std::size_t SimPort::receive(std::span<Packet*> out) noexcept {
  std::size_t count = 0;
  for (; count < out.size() && !arrived_.empty(); ++count) {
    Packet* packet = pool_.allocate();
    if (packet == nullptr) {
      arrived_.clear();  // as a device without descriptors
      break;
    }
    const Frame& frame = arrived_.front();
    SLUICE_ASSERT(frame.size() <= kPacketRoom);
    std::copy(frame.begin(), frame.end(), packet->data);
    packet->length = static_cast<std::uint32_t>(frame.size());
    arrived_.pop_front();
    out[count] = packet;
  }
  return count;
}

std::size_t SimPort::transmit(std::span<Packet*> frames) noexcept {
  const std::size_t taken = std::min(frames.size(), transmit_room);
  if (transmit_room != SIZE_MAX) transmit_room -= taken;
  for (std::size_t i = 0; i < taken; ++i) {
    PacketPtr packet(frames[i]);
    Frame frame(packet->data, packet->data + packet->length);
    finish_checksums(frame, *packet);
    if (on_transmit) on_transmit(frame);
    pass(std::move(frame));
    if (transmit_hold.ns > 0) held_.push_back({timeline_.now() + transmit_hold, std::move(packet)});
  }
  return taken;
}

void SimPort::release_sent() {
  while (!held_.empty() && held_.front().until <= timeline_.now()) held_.pop_front();
}

}  // namespace sluice::net::test
