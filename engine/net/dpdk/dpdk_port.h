// The queue pair of one worker on one device.
#pragma once

#include <atomic>

#include "engine/net/dpdk/capture.h"
#include "engine/net/dpdk/device.h"
#include "engine/net/dpdk/exchange.h"

struct rte_mbuf;

namespace sluice::net {

class DpdkPort final : public Port {
 public:
  // The device, pool, exchange and capture (may be nullptr) outlive the port.
  DpdkPort(const Device& device, std::uint16_t index, unsigned worker, MbufPool& pool,
           Exchange& exchange, Capture* capture);

  MacAddress mac() const noexcept override { return device_.mac; }
  std::uint16_t mtu() const noexcept override { return device_.mtu; }
  PortCapabilities capabilities() const noexcept override { return device_.capabilities; }
  PacketPool& pool() noexcept override { return pool_; }
  std::size_t receive(std::span<Packet*> out) noexcept override;
  std::size_t transmit(std::span<Packet*> frames) noexcept override;
  // The packet holds the frame from its Ethernet header, in either direction.
  bool flow_is_ours(const Packet& packet) const noexcept override;
  bool hand_over(Packet* packet) noexcept override;

  DpdkCounters counters() const noexcept;

 private:
  using Counter = std::atomic<std::uint64_t>;  // one writer, read by anyone
  static void add(Counter& counter, std::uint64_t count) noexcept {
    counter.store(counter.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
  }

  std::size_t receive_burst(std::span<Packet*> out) noexcept;
  Packet* take_in(rte_mbuf* mbuf) noexcept;
  rte_mbuf* make_own(rte_mbuf* mbuf) noexcept;
  Packet* copy_of(const Packet& packet) noexcept;
  bool steer(Packet* packet) noexcept;
  void give(unsigned worker, Packet* packet) noexcept;
  void give_copies(const Packet& packet) noexcept;
  std::size_t transmit_burst(std::span<Packet*> frames) noexcept;
  std::size_t transmit_captured(std::span<Packet*> frames) noexcept;
  std::size_t send(rte_mbuf** mbufs, std::uint16_t count, bool prepare) noexcept;

  const Device& device_;
  std::uint16_t index_;
  std::uint16_t worker_;
  MbufPool& pool_;
  Exchange& exchange_;
  Capture* capture_;

  Counter received_{0};
  Counter transmitted_{0};
  Counter given_{0};
  Counter dropped_exchange_full_{0};
  Counter dropped_segmented_{0};
  Counter dropped_no_packet_{0};
  Counter dropped_refused_{0};
};

}  // namespace sluice::net
