#include "engine/net/neighbor.h"

#include <cstring>

#include "engine/net/wire/ethernet.h"

namespace sluice::net {

NeighborCache::NeighborCache(LinkOutput& link, TimerWheel& wheel, Random& random)
    : link_(link),
      wheel_(wheel),
      random_(random),
      secret_(random.next() | 1),
      neighbors_(std::make_unique<Neighbor[]>(kNeighborSets * kNeighborWays)),
      recent_(neighbors_.get()),
      frames_(kHeldInAll) {
  for (std::size_t i = 0; i < kNeighborSets * kNeighborWays; ++i) {
    Neighbor& neighbor = neighbors_[i];
    neighbor.cache = this;
    neighbor.timer.owner = &neighbor;
    neighbor.timer.callback = [](Timer& timer, Instant now) {
      Neighbor& fired = *static_cast<Neighbor*>(timer.owner);
      fired.cache->on_timer(fired, now);
    };
  }
  for (std::size_t i = 0; i < frames_.size(); ++i)
    frames_[i].next = i + 1 < frames_.size() ? static_cast<std::uint16_t>(i + 1) : kNone;
}

NeighborCache::~NeighborCache() {
  for (std::size_t i = 0; i < kNeighborSets * kNeighborWays; ++i) drop_held(neighbors_[i]);
}

Sent NeighborCache::deliver(PacketPtr packet, const IpAddress& next_hop, const IpAddress& own,
                            Instant now) noexcept {
  Neighbor* found = find(next_hop);
  Neighbor& neighbor = found != nullptr ? *found : insert(next_hop, now);
  neighbor.own = own;
  neighbor.used = now;
  if (neighbor.state == NeighborState::reachable && now >= neighbor.reachable_until)
    neighbor.state = NeighborState::stale;
  if (neighbor.state == NeighborState::stale) {  // RFC 4861 7.3.3
    neighbor.state = NeighborState::delay;
    wheel_.set(neighbor.timer, now + kDelayFirstProbeTime);
  }
  if (neighbor.state > NeighborState::incomplete) {
    transmit(std::move(packet), neighbor);
    return Sent::sent;
  }
  const bool was_failed = neighbor.state == NeighborState::failed;
  if (neighbor.state != NeighborState::incomplete) resolve(neighbor, now);
  hold(std::move(packet), neighbor);
  return was_failed ? Sent::unreachable : Sent::held;
}

void NeighborCache::heard(const IpAddress& address, const MacAddress& mac, Instant now) noexcept {
  if (is_group(mac)) return;
  Neighbor* found = find(address);
  Neighbor& neighbor = found != nullptr ? *found : insert(address, now);
  const bool known = neighbor.state > NeighborState::incomplete;
  if (known && neighbor.mac == mac) return;
  neighbor.mac = mac;
  neighbor.state = NeighborState::stale;
  neighbor.timer.cancel();
  send_held(neighbor);
}

void NeighborCache::advertised(const Advert& advert, Instant now) noexcept {
  Neighbor* neighbor = find(advert.address);
  if (neighbor == nullptr || (advert.mac && is_group(*advert.mac))) return;
  const bool known = neighbor->state > NeighborState::incomplete;
  if (!known) {
    if (!advert.mac) return;
    neighbor->mac = *advert.mac;
    neighbor->state = NeighborState::stale;
    neighbor->timer.cancel();
    if (advert.solicited) make_reachable(*neighbor, now);
    return send_held(*neighbor);
  }
  const bool differs = advert.mac && *advert.mac != neighbor->mac;
  if (differs && !advert.overrides) {  // I: a doubt about what was thought to be reachable
    if (neighbor->state == NeighborState::reachable) neighbor->state = NeighborState::stale;
    return;
  }
  if (differs) neighbor->mac = *advert.mac;  // II
  if (advert.solicited) {
    make_reachable(*neighbor, now);
  } else if (differs) {
    neighbor->state = NeighborState::stale;
    neighbor->timer.cancel();
  }
}

NeighborState NeighborCache::state(const IpAddress& address) const noexcept {
  const Neighbor* neighbor = find(address);
  return neighbor == nullptr ? NeighborState::unused : neighbor->state;
}

NeighborCache::Neighbor* NeighborCache::set_of(const IpAddress& address) const noexcept {
  std::uint64_t high, low;
  std::memcpy(&high, address.octets.data(), sizeof high);
  std::memcpy(&low, address.octets.data() + sizeof high, sizeof low);
  const std::uint64_t mixed = (low ^ (high * secret_) ^ (secret_ >> 32)) * secret_;
  // The top bits: those of an IPv4 address stand high in `low`, and a product only mixes upwards.
  return &neighbors_[(mixed >> (64 - kNeighborSetBits)) * kNeighborWays];
}

NeighborCache::Neighbor* NeighborCache::find(const IpAddress& address) const noexcept {
  const auto is_it = [&](const Neighbor& neighbor) {
    return neighbor.address == address && neighbor.state != NeighborState::unused;
  };
  if (is_it(*recent_)) return recent_;
  Neighbor* set = set_of(address);
  for (std::size_t way = 0; way < kNeighborWays; ++way)
    if (is_it(set[way])) return recent_ = &set[way];
  return nullptr;
}

// Displaces the weakest entry of the set, of equals the one that was used least recently.
NeighborCache::Neighbor& NeighborCache::insert(const IpAddress& address, Instant now) noexcept {
  Neighbor* set = set_of(address);
  Neighbor* victim = set;
  for (std::size_t way = 1; way < kNeighborWays; ++way) {
    Neighbor& candidate = set[way];
    const bool weaker = candidate.state < victim->state ||
                        (candidate.state == victim->state && candidate.used < victim->used);
    if (weaker) victim = &candidate;
  }
  forget(*victim, NeighborState::unused);
  victim->address = address;
  victim->used = now;
  return *victim;
}

void NeighborCache::resolve(Neighbor& neighbor, Instant now) noexcept {
  neighbor.state = NeighborState::incomplete;
  neighbor.tries = 0;
  ask(neighbor, now);
}

// To everybody (the solicited-node group) while the address is not known, else to the neighbour.
void NeighborCache::ask(Neighbor& neighbor, Instant now) noexcept {
  ++neighbor.tries;
  wheel_.set(neighbor.timer, now + kRetransTimer);
  const bool known = neighbor.state != NeighborState::incomplete;
  if (neighbor.address.is_v4()) {
    link_.send_arp(
        {kArpRequest, link_.mac(), neighbor.own.v4(), MacAddress{}, neighbor.address.v4()},
        known ? neighbor.mac : kBroadcastMac);
  } else {
    const IpAddress to = known ? neighbor.address : solicited_node(neighbor.address);
    link_.send_nd({.target = neighbor.address, .mac = link_.mac()}, neighbor.own, to,
                  known ? neighbor.mac : multicast_mac(to));
  }
}

void NeighborCache::on_timer(Neighbor& neighbor, Instant now) noexcept {
  if (neighbor.state == NeighborState::delay) {
    neighbor.state = NeighborState::probe;
    neighbor.tries = 0;
    ask(neighbor, now);
  } else if (neighbor.state == NeighborState::probe) {
    if (neighbor.tries < kMaxUnicastSolicit) return ask(neighbor, now);
    give_up(neighbor, now);
  } else if (neighbor.state == NeighborState::incomplete) {
    if (neighbor.tries < kMaxMulticastSolicit) return ask(neighbor, now);
    give_up(neighbor, now);
  } else {
    forget(neighbor, NeighborState::unused);
  }
}

// Not forgotten yet: while it is known to be silent another router is taken (RFC 4861 7.3.3).
void NeighborCache::give_up(Neighbor& neighbor, Instant now) noexcept {
  forget(neighbor, NeighborState::failed);
  wheel_.set(neighbor.timer, now + kFailedTime);
}

void NeighborCache::make_reachable(Neighbor& neighbor, Instant now) noexcept {
  neighbor.state = NeighborState::reachable;
  neighbor.reachable_until =
      now + kReachableTime / 2 +
      Duration{static_cast<std::int64_t>(random_.below(std::uint64_t{kReachableTime.ns}))};
  neighbor.timer.cancel();
}

void NeighborCache::forget(Neighbor& neighbor, NeighborState state) noexcept {
  drop_held(neighbor);
  neighbor.timer.cancel();
  neighbor.state = state;
}

void NeighborCache::transmit(PacketPtr packet, const Neighbor& neighbor) noexcept {
  link_.send(std::move(packet), neighbor.mac,
             neighbor.address.is_v4() ? kEtherTypeIpv4 : kEtherTypeIpv6);
}

// RFC 4861 7.2.2: the newest frame has the best right to wait.
void NeighborCache::hold(PacketPtr packet, Neighbor& neighbor) noexcept {
  if (neighbor.held_count >= kHeldPerNeighbor) take_held(neighbor).reset();
  if (free_frame_ == kNone) return;
  const std::uint16_t index = free_frame_;
  free_frame_ = frames_[index].next;
  frames_[index] = {packet.release(), kNone};
  if (neighbor.held_count == 0) {
    neighbor.first_held = index;
  } else {
    frames_[neighbor.last_held].next = index;
  }
  neighbor.last_held = index;
  ++neighbor.held_count;
  ++held_;
}

PacketPtr NeighborCache::take_held(Neighbor& neighbor) noexcept {
  const std::uint16_t index = neighbor.first_held;
  HeldFrame& held = frames_[index];
  PacketPtr packet(held.frame);
  neighbor.first_held = held.next;
  held = {nullptr, free_frame_};
  free_frame_ = index;
  --neighbor.held_count;
  --held_;
  return packet;
}

void NeighborCache::send_held(Neighbor& neighbor) noexcept {
  while (neighbor.held_count > 0) transmit(take_held(neighbor), neighbor);
}

void NeighborCache::drop_held(Neighbor& neighbor) noexcept {
  while (neighbor.held_count > 0) take_held(neighbor).reset();
}

}  // namespace sluice::net
