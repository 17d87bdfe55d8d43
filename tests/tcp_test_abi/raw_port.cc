#include "tests/tcp_test_abi/raw_port.h"

#include <algorithm>
#include <cstring>

namespace sluice::net::abi {
namespace {

// Address space; memory is used as packets are.
constexpr std::size_t kPackets = 2'000'000;
constexpr std::size_t kLargePackets = 50'000;

}  // namespace

RawPort::RawPort(std::uint16_t mtu)
    : mtu_(mtu), pool_(kPackets, std::max(kPacketRoom, mtu), kLargePackets) {}

bool RawPort::arrive(ByteView octets) noexcept {
  arrived_ = PacketPtr(octets.size() <= pool_.room() ? pool_.allocate() : pool_.allocate_large());
  if (!arrived_) return false;
  std::memcpy(arrived_->data, octets.data(), octets.size());
  arrived_->length = static_cast<std::uint32_t>(octets.size());
  return true;
}

std::size_t RawPort::receive(std::span<Packet*> out) noexcept {
  if (!arrived_) return 0;
  out[0] = arrived_.release();
  return 1;
}

std::size_t RawPort::transmit(std::span<Packet*> packets) noexcept {
  for (Packet* packet : packets) departed_.push_back({PacketPtr(packet), packet->bytes(), now_});
  return packets.size();
}

}  // namespace sluice::net::abi
