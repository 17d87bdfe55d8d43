// The ARP cache (RFC 826, RFC 1122 2.3.2): set-associative, so that a lookup is one set and an
// outsider who invents neighbours can only displace others of the same set. Frames for a neighbour
// that is being asked for wait, a few per neighbour.
#pragma once

#include <array>
#include <vector>

#include "engine/base/timer_wheel.h"
#include "engine/net/tx_queue.h"
#include "engine/net/wire/arp.h"

namespace sluice::net {

inline constexpr std::size_t kNeighborSets = 128;
inline constexpr std::size_t kNeighborWays = 8;
inline constexpr std::size_t kHeldPerNeighbor = 4;  // frames
inline constexpr std::size_t kHeldInAll = 256;      // frames
inline constexpr std::uint8_t kArpTries = 3;
inline constexpr Duration kArpInterval = seconds(1);
inline constexpr Duration kNeighborFresh = seconds(60);  // after that it is asked again

enum class Sent : std::uint8_t { sent, held, unreachable };

class NeighborCache {
 public:
  NeighborCache(Port& port, TxQueue& tx, TimerWheel& wheel, std::uint64_t secret);
  NeighborCache(const NeighborCache&) = delete;
  NeighborCache& operator=(const NeighborCache&) = delete;
  ~NeighborCache();

  // `packet` starts with the IP header; `own` is our address on that link, both in host order.
  Sent deliver(PacketPtr packet, std::uint32_t next_hop, std::uint32_t own, Instant now) noexcept;
  // A valid ARP message that came in. Only requests for our own address add to the cache.
  void learn(const ArpMessage& message, bool asks_for_us, Instant now) noexcept;

  std::size_t held() const noexcept { return held_; }

 private:
  enum class State : std::uint8_t { unused, incomplete, reachable };
  struct Neighbor {
    std::uint32_t address = 0;
    std::uint32_t own = 0;
    State state = State::unused;
    std::uint8_t tries = 0;
    std::uint8_t held_count = 0;
    MacAddress mac{};
    Instant confirmed{};
    Instant asked{};
    Instant used{};
    std::array<Packet*, kHeldPerNeighbor> held{};
  };

  Neighbor* find(std::uint32_t address) noexcept;
  Neighbor& insert(std::uint32_t address) noexcept;
  Neighbor* set_of(std::uint32_t address) noexcept;
  void transmit(PacketPtr packet, const Neighbor& neighbor) noexcept;
  Sent hold(PacketPtr packet, Neighbor& neighbor, Instant now) noexcept;
  void refresh(Neighbor& neighbor, Instant now) noexcept;
  void ask(Neighbor& neighbor, Instant now) noexcept;
  void drop_held(Neighbor& neighbor) noexcept;
  void sweep(Instant now) noexcept;

  Port& port_;
  TxQueue& tx_;
  TimerWheel& wheel_;
  MacAddress mac_;
  std::uint64_t secret_;
  std::vector<Neighbor> neighbors_;
  std::size_t held_ = 0;
  Timer sweep_timer_;
};

}  // namespace sluice::net
