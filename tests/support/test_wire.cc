#include "tests/support/test_wire.h"

#include <algorithm>

#include "engine/base/contract.h"
#include "engine/net/wire/ipv4.h"
#include "engine/net/wire/tcp.h"

namespace sluice::net::test {
namespace {

// What a device with offloads does on the way out.
void finish_checksums(std::vector<std::uint8_t>& frame, const Packet& packet) {
  std::uint8_t* ip = frame.data() + packet.l2_length;
  if ((packet.flags & kTxIpChecksum) != 0) fill_ipv4_checksum(ip);
  if ((packet.flags & kTxTcpChecksum) == 0) return;
  std::uint8_t* tcp = ip + packet.l3_length;
  const std::size_t length = frame.size() - packet.l2_length - packet.l3_length;
  store_tcp_checksum(tcp, internet_checksum({tcp, length}));
}

}  // namespace

TestPort::TestPort(TestWire& wire, int side, std::size_t packets)
    : wire_(wire), side_(side), pool_(packets) {}

TestPort::~TestPort() { held_.clear(); }

std::size_t TestPort::receive(std::span<Packet*> out) noexcept {
  std::size_t count = 0;
  for (; count < out.size() && !arrived_.empty(); ++count) {
    Packet* packet = pool_.allocate();
    if (packet == nullptr) {
      arrived_.clear();  // as a device without descriptors
      break;
    }
    const auto& octets = arrived_.front();
    SLUICE_ASSERT(octets.size() <= kPacketRoom);
    std::copy(octets.begin(), octets.end(), packet->data);
    packet->length = static_cast<std::uint32_t>(octets.size());
    arrived_.pop_front();
    out[count] = packet;
  }
  return count;
}

std::size_t TestPort::transmit(std::span<Packet*> frames) noexcept {
  const std::size_t taken = std::min(frames.size(), transmit_room);
  if (transmit_room != SIZE_MAX) transmit_room -= taken;
  for (std::size_t i = 0; i < taken; ++i) {
    PacketPtr packet(frames[i]);
    std::vector<std::uint8_t> octets(packet->data, packet->data + packet->length);
    finish_checksums(octets, *packet);
    if (on_transmit) on_transmit(octets);
    wire_.carry(side_, octets);
    if (wire_.options_.transmit_hold.ns > 0)
      held_.push_back({wire_.now_ + wire_.options_.transmit_hold, std::move(packet)});
  }
  return taken;
}

TestWire::TestWire(std::uint64_t seed, WireOptions options, std::size_t packets)
    : random_(seed), options_(options), a_(*this, 0, packets), b_(*this, 1, packets) {}

void TestWire::advance(Instant now) {
  now_ = now;
  while (!flying_.empty() && flying_.begin()->first <= now.ns) {
    auto node = flying_.extract(flying_.begin());
    port(node.mapped().to).arrived_.push_back(std::move(node.mapped().octets));
  }
  for (TestPort* side : {&a_, &b_})
    while (!side->held_.empty() && side->held_.front().until <= now) side->held_.pop_front();
}

Instant TestWire::next_event() const {
  std::int64_t next = flying_.empty() ? INT64_MAX : flying_.begin()->first;
  for (const TestPort* side : {&a_, &b_})
    if (!side->held_.empty()) next = std::min(next, side->held_.front().until.ns);
  return {next};
}

void TestWire::inject(int side, std::vector<std::uint8_t> frame) {
  port(side).arrived_.push_back(std::move(frame));
}

Instant TestWire::through_bottleneck(int from, std::size_t octets, bool& dropped) {
  if (options_.bits_per_second == 0) return now_;
  const Duration one{
      static_cast<std::int64_t>(octets * 8 * 1'000'000'000 / options_.bits_per_second)};
  Instant& busy = busy_until_[from];
  if (busy < now_) busy = now_;
  const std::int64_t each = std::max<std::int64_t>(one.ns, 1);
  const auto queued = static_cast<std::size_t>((busy - now_).ns / each);
  dropped = queued >= options_.queue_frames;
  if (!dropped) busy = busy + one;
  return busy;
}

void TestWire::carry(int from, ByteView frame) {
  if (random_.chance(options_.loss)) return;
  const int copies = random_.chance(options_.duplicate) ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    bool dropped = false;
    Instant at = through_bottleneck(from, frame.size(), dropped) + options_.delay;
    if (dropped) return;
    if (random_.chance(options_.reorder) && options_.jitter.ns > 0)
      at = at + Duration{static_cast<std::int64_t>(
                    random_.below(static_cast<std::uint64_t>(options_.jitter.ns)))};
    std::vector<std::uint8_t> octets(frame.begin(), frame.end());
    if (random_.chance(options_.corrupt))
      octets[random_.below(octets.size())] ^= static_cast<std::uint8_t>(1u << random_.below(8));
    flying_.emplace(at.ns, Flying{1 - from, std::move(octets)});
  }
}

}  // namespace sluice::net::test
