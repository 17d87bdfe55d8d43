#include "engine/net/dpdk/dpdk_port.h"

#include <rte_ethdev.h>
#include <rte_prefetch.h>

#include <algorithm>

#include "engine/net/dpdk/flow_hash.h"
#include "engine/net/dpdk/mbuf.h"

namespace sluice::net {
namespace {

constexpr std::uint16_t kBurst = 32;

std::uint16_t flags_of(std::uint64_t ol_flags) noexcept {
  unsigned flags = 0;
  const std::uint64_t ip = ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK;
  if (ip == RTE_MBUF_F_RX_IP_CKSUM_GOOD || ip == RTE_MBUF_F_RX_IP_CKSUM_NONE)
    flags |= kRxIpChecksumGood;
  if (ip == RTE_MBUF_F_RX_IP_CKSUM_BAD) flags |= kRxIpChecksumBad;
  // NONE: the field is not filled in, but the octets are known to be right (virtio).
  const std::uint64_t l4 = ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK;
  if (l4 == RTE_MBUF_F_RX_L4_CKSUM_GOOD || l4 == RTE_MBUF_F_RX_L4_CKSUM_NONE)
    flags |= kRxL4ChecksumGood;
  if (l4 == RTE_MBUF_F_RX_L4_CKSUM_BAD) flags |= kRxL4ChecksumBad;
  if ((ol_flags & RTE_MBUF_F_RX_RSS_HASH) != 0) flags |= kRxHashValid;
  return static_cast<std::uint16_t>(flags);
}

// Brings the mbuf in line with its Packet. Returns whether the driver has a checksum to fill in.
bool fill_mbuf(rte_mbuf& mbuf, const Packet& packet) noexcept {
  mbuf.data_off =
      static_cast<std::uint16_t>(packet.data - static_cast<const std::uint8_t*>(mbuf.buf_addr));
  mbuf.data_len = static_cast<std::uint16_t>(packet.length);
  mbuf.pkt_len = packet.length;
  mbuf.ol_flags = 0;
  if ((packet.flags & (kTxIpChecksum | kTxTcpChecksum | kTxUdpChecksum)) == 0) return false;
  const bool v6 = (packet.data[packet.l2_length] >> 4) == 6;
  mbuf.tx_offload = 0;
  mbuf.l2_len = packet.l2_length;
  mbuf.l3_len = packet.l3_length;
  mbuf.ol_flags = v6 ? RTE_MBUF_F_TX_IPV6 : RTE_MBUF_F_TX_IPV4;
  if ((packet.flags & kTxIpChecksum) != 0) mbuf.ol_flags |= RTE_MBUF_F_TX_IP_CKSUM;
  if ((packet.flags & kTxTcpChecksum) != 0) mbuf.ol_flags |= RTE_MBUF_F_TX_TCP_CKSUM;
  if ((packet.flags & kTxUdpChecksum) != 0) mbuf.ol_flags |= RTE_MBUF_F_TX_UDP_CKSUM;
  return true;
}

}  // namespace

DpdkPort::DpdkPort(const Device& device, std::uint16_t index, unsigned worker, MbufPool& pool,
                   Exchange& exchange, Capture* capture)
    : device_(device),
      index_(index),
      worker_(static_cast<std::uint16_t>(worker)),
      pool_(pool),
      exchange_(exchange),
      capture_(capture) {}

std::size_t DpdkPort::receive(std::span<Packet*> out) noexcept {
  if (exchange_.workers() == 1) return receive_burst(out);
  // Half for what other workers give, so that neither source can starve the other.
  const std::size_t given = exchange_.take(worker_, out.first((out.size() + 1) / 2));
  if (worker_ >= device_.rx_queues) return given;
  return given + receive_burst(out.subspan(given));
}

std::size_t DpdkPort::receive_burst(std::span<Packet*> out) noexcept {
  rte_mbuf* mbufs[kBurst];
  const auto room = static_cast<std::uint16_t>(std::min<std::size_t>(out.size(), kBurst));
  const std::uint16_t count = rte_eth_rx_burst(device_.id, worker_, mbufs, room);
  if (count == 0) return 0;
  add(received_, count);
  for (std::uint16_t i = 0; i < count; ++i) {
    rte_prefetch0(rte_pktmbuf_mtod(mbufs[i], void*));
    rte_prefetch0(packet_of(mbufs[i]));
  }
  std::size_t filled = 0;
  for (std::uint16_t i = 0; i < count; ++i) {
    Packet* packet = take_in(mbufs[i]);
    if (packet == nullptr) continue;
    if (exchange_.workers() == 1 || steer(packet)) out[filled++] = packet;
  }
  return filled;
}

Packet* DpdkPort::take_in(rte_mbuf* mbuf) noexcept {
  if (mbuf->nb_segs > 1 || rte_mbuf_refcnt_read(mbuf) > 1) [[unlikely]] {
    mbuf = make_own(mbuf);
    if (mbuf == nullptr) return nullptr;
  }
  Packet* packet = packet_of(mbuf);
  *packet = Packet{.pool = packet->pool,
                   .data = rte_pktmbuf_mtod(mbuf, std::uint8_t*),
                   .length = mbuf->pkt_len,
                   .flags = flags_of(mbuf->ol_flags),
                   .hash = mbuf->hash.rss,
                   .port = index_};
  if (capture_ != nullptr && capture_->stage(worker_, Capture::Direction::inbound, packet->bytes()))
    capture_->publish(worker_);
  return packet;
}

// One contiguous frame that nobody else holds (net_ring delivers the sender's own packets).
rte_mbuf* DpdkPort::make_own(rte_mbuf* mbuf) noexcept {
  rte_mbuf* own = nullptr;
  if (mbuf->pkt_len > kPacketRoom) {
    add(dropped_segmented_, 1);
  } else if (Packet* packet = pool_.allocate(); packet != nullptr) {
    own = mbuf_of(packet);
    const void* octets = rte_pktmbuf_read(mbuf, 0, mbuf->pkt_len, packet->data);
    if (octets != packet->data) std::memcpy(packet->data, octets, mbuf->pkt_len);
    own->data_len = static_cast<std::uint16_t>(mbuf->pkt_len);
    own->pkt_len = mbuf->pkt_len;
    own->ol_flags = mbuf->ol_flags;
    own->hash.rss = mbuf->hash.rss;
  } else {
    add(dropped_no_packet_, 1);
  }
  rte_pktmbuf_free(mbuf);
  return own;
}

// Returns whether the packet stays here; otherwise it was given away. A device that steers is
// checked too: what it cannot hash as we do (extension headers, a tag) still reaches its worker.
bool DpdkPort::steer(Packet* packet) noexcept {
  const FlowHash flow = flow_hash(packet->bytes());
  if (flow.steer == Steer::to_all) give_copies(*packet);
  if (flow.steer != Steer::by_flow) return true;
  packet->hash = flow.hash;
  packet->flags |= kRxHashValid;
  const unsigned owner = exchange_.owner(flow.hash);
  if (owner == worker_) return true;
  give(owner, packet);
  return false;
}

void DpdkPort::give(unsigned worker, Packet* packet) noexcept {
  if (exchange_.give(worker_, worker, packet)) {
    add(given_, 1);
  } else {
    add(dropped_exchange_full_, 1);
    packet->pool->free(packet);
  }
}

void DpdkPort::give_copies(const Packet& packet) noexcept {
  for (unsigned worker = 0; worker < exchange_.workers(); ++worker) {
    if (worker == worker_) continue;
    Packet* copy = copy_of(packet);
    if (copy != nullptr) give(worker, copy);
  }
}

Packet* DpdkPort::copy_of(const Packet& packet) noexcept {
  Packet* copy = packet.length <= kPacketRoom ? pool_.allocate() : nullptr;
  if (copy == nullptr) {
    add(dropped_no_packet_, 1);
    return nullptr;
  }
  std::memcpy(copy->data, packet.data, packet.length);
  copy->length = packet.length;
  copy->flags = packet.flags | kRxCopy;
  copy->hash = packet.hash;
  copy->port = packet.port;
  return copy;
}

std::size_t DpdkPort::transmit(std::span<Packet*> frames) noexcept {
  if (capture_ != nullptr) return transmit_captured(frames);
  std::size_t sent = 0;
  while (sent < frames.size()) {
    const auto burst = frames.subspan(sent, std::min<std::size_t>(kBurst, frames.size() - sent));
    const std::size_t accepted = transmit_burst(burst);
    sent += accepted;
    if (accepted < burst.size()) break;
  }
  return sent;
}

std::size_t DpdkPort::transmit_burst(std::span<Packet*> frames) noexcept {
  rte_mbuf* mbufs[kBurst];
  bool prepare = false;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    mbufs[i] = mbuf_of(frames[i]);
    prepare |= fill_mbuf(*mbufs[i], *frames[i]);
  }
  return send(mbufs, static_cast<std::uint16_t>(frames.size()), prepare);
}

// One by one, since a frame is part of the capture only once the device has accepted it, and is
// perhaps no longer ours to look at then.
std::size_t DpdkPort::transmit_captured(std::span<Packet*> frames) noexcept {
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const bool staged = capture_->stage(worker_, Capture::Direction::outbound, frames[i]->bytes());
    if (transmit_burst(frames.subspan(i, 1)) == 0) return i;
    if (staged) capture_->publish(worker_);
  }
  return frames.size();
}

std::size_t DpdkPort::send(rte_mbuf** mbufs, std::uint16_t count, bool prepare) noexcept {
  const std::uint16_t good =
      prepare ? rte_eth_tx_prepare(device_.id, worker_, mbufs, count) : count;
  if (good == 0) [[unlikely]] {  // never acceptable: kept, it would stop the queue for ever
    add(dropped_refused_, 1);
    rte_pktmbuf_free(mbufs[0]);
    return 1;
  }
  const std::uint16_t sent = rte_eth_tx_burst(device_.id, worker_, mbufs, good);
  add(transmitted_, sent);
  return sent;
}

bool DpdkPort::flow_is_ours(const Packet& packet) const noexcept {
  if (exchange_.workers() == 1) return true;
  const FlowHash flow = flow_hash(packet.bytes());
  return flow.steer != Steer::by_flow || exchange_.owner(flow.hash) == worker_;
}

bool DpdkPort::hand_over(Packet* packet) noexcept {
  if (exchange_.workers() == 1) return false;
  const FlowHash flow = flow_hash(packet->bytes());
  const unsigned owner = flow.steer == Steer::by_flow ? exchange_.owner(flow.hash) : worker_;
  if (owner == worker_) return false;
  give(owner, packet);
  return true;
}

DpdkCounters DpdkPort::counters() const noexcept {
  const auto read = [](const Counter& counter) { return counter.load(std::memory_order_relaxed); };
  return {.received = read(received_),
          .transmitted = read(transmitted_),
          .given = read(given_),
          .dropped_exchange_full = read(dropped_exchange_full_),
          .dropped_segmented = read(dropped_segmented_),
          .dropped_no_packet = read(dropped_no_packet_),
          .dropped_refused = read(dropped_refused_)};
}

}  // namespace sluice::net
