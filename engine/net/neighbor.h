// The neighbour cache of both families (RFC 4861 5.1, 7.3; the same machine keeps ARP entries, as
// RFC 1122 2.3.2.1 allows). Set-associative: a lookup is one set, and an outsider who invents
// neighbours can only displace others of the same set. Frames for a neighbour that is being asked
// for wait, within limits per neighbour and in all.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "engine/base/random.h"
#include "engine/base/timer_wheel.h"
#include "engine/net/link_output.h"

namespace sluice::net {

inline constexpr int kNeighborSetBits = 7;
inline constexpr std::size_t kNeighborSets = 1u << kNeighborSetBits;
inline constexpr std::size_t kNeighborWays = 8;
inline constexpr std::size_t kHeldPerNeighbor = 256;  // frames; beyond it the oldest goes
inline constexpr std::size_t kHeldInAll = 512;        // frames
// RFC 4861 10
inline constexpr std::uint8_t kMaxMulticastSolicit = 3;
inline constexpr std::uint8_t kMaxUnicastSolicit = 3;
inline constexpr Duration kRetransTimer = seconds(1);
inline constexpr Duration kReachableTime = seconds(30);  // times 0.5 to 1.5, drawn for each entry
inline constexpr Duration kDelayFirstProbeTime = seconds(5);
// How long another router is preferred: longer than TCP waits between two retransmissions, so that
// every open connection finds out.
inline constexpr Duration kFailedTime = minutes(2);

enum class Sent : std::uint8_t { sent, held, unreachable };

// In the order in which an entry makes room for another.
enum class NeighborState : std::uint8_t {
  unused,
  failed,      // did not answer; asked again when somebody wants it
  incomplete,  // being asked for
  stale,       // not known to be reachable; used, and verified soon after
  delay,       // used; waits a moment before it is asked
  probe,       // used while it is being asked
  reachable,
};

class NeighborCache {
 public:
  NeighborCache(LinkOutput& link, TimerWheel& wheel, Random& random);
  NeighborCache(const NeighborCache&) = delete;
  NeighborCache& operator=(const NeighborCache&) = delete;
  ~NeighborCache();

  // `packet` starts with the IP header; `own` is our address that asks when somebody must be asked.
  Sent deliver(PacketPtr packet, const IpAddress& next_hop, const IpAddress& own,
               Instant now) noexcept;

  // A neighbour that wants something of us told its address (RFC 4861 7.2.3, 6.2.6).
  void heard(const IpAddress& address, const MacAddress& mac, Instant now) noexcept;
  // An answer or an announcement (RFC 4861 7.2.5). Never adds an entry.
  struct Advert {
    IpAddress address;
    std::optional<MacAddress> mac;
    bool solicited = false;
    bool overrides = true;
  };
  void advertised(const Advert& advert, Instant now) noexcept;

  NeighborState state(const IpAddress& address) const noexcept;
  bool failed(const IpAddress& address) const noexcept {
    return state(address) == NeighborState::failed;
  }
  // Whether we have asked this neighbour and an answer is due.
  bool is_asked(const IpAddress& address) const noexcept {
    return state(address) == NeighborState::incomplete || state(address) == NeighborState::probe;
  }
  std::size_t held() const noexcept { return held_; }

 private:
  static constexpr std::uint16_t kNone = UINT16_MAX;
  struct HeldFrame {
    Packet* frame = nullptr;
    std::uint16_t next = kNone;
  };
  struct Neighbor {
    NeighborCache* cache = nullptr;
    IpAddress address;
    IpAddress own;
    NeighborState state = NeighborState::unused;
    std::uint8_t tries = 0;
    MacAddress mac{};
    std::uint16_t held_count = 0;
    std::uint16_t first_held = kNone;
    std::uint16_t last_held = kNone;
    Instant used{};
    Instant reachable_until{};
    Timer timer;
  };

  Neighbor* set_of(const IpAddress& address) const noexcept;
  Neighbor* find(const IpAddress& address) const noexcept;
  Neighbor& insert(const IpAddress& address, Instant now) noexcept;
  void resolve(Neighbor& neighbor, Instant now) noexcept;
  void ask(Neighbor& neighbor, Instant now) noexcept;
  void on_timer(Neighbor& neighbor, Instant now) noexcept;
  void give_up(Neighbor& neighbor, Instant now) noexcept;
  void make_reachable(Neighbor& neighbor, Instant now) noexcept;
  void forget(Neighbor& neighbor, NeighborState state) noexcept;
  void transmit(PacketPtr packet, const Neighbor& neighbor) noexcept;
  void hold(PacketPtr packet, Neighbor& neighbor) noexcept;
  PacketPtr take_held(Neighbor& neighbor) noexcept;
  void send_held(Neighbor& neighbor) noexcept;
  void drop_held(Neighbor& neighbor) noexcept;

  LinkOutput& link_;
  TimerWheel& wheel_;
  Random& random_;
  std::uint64_t secret_;
  std::unique_ptr<Neighbor[]> neighbors_;
  mutable Neighbor* recent_;  // found last: nearly always the router
  std::vector<HeldFrame> frames_;
  std::uint16_t free_frame_ = 0;  // first of the free ones
  std::size_t held_ = 0;
};

}  // namespace sluice::net
