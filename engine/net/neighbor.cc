#include "engine/net/neighbor.h"

namespace sluice::net {

NeighborCache::NeighborCache(Port& port, TxQueue& tx, TimerWheel& wheel, std::uint64_t secret)
    : port_(port),
      tx_(tx),
      wheel_(wheel),
      mac_(port.mac()),
      secret_(secret | 1),
      neighbors_(kNeighborSets * kNeighborWays),
      sweep_timer_(
          [](Timer& timer, Instant now) { static_cast<NeighborCache*>(timer.owner)->sweep(now); },
          this) {}

NeighborCache::~NeighborCache() {
  for (Neighbor& neighbor : neighbors_) drop_held(neighbor);
}

Sent NeighborCache::deliver(PacketPtr packet, std::uint32_t next_hop, std::uint32_t own,
                            Instant now) noexcept {
  Neighbor* neighbor = find(next_hop);
  if (neighbor == nullptr) {
    neighbor = &insert(next_hop);
    neighbor->state = State::incomplete;
  }
  neighbor->own = own;
  neighbor->used = now;
  if (neighbor->state != State::reachable) return hold(std::move(packet), *neighbor, now);
  if (now - neighbor->confirmed >= kNeighborFresh) refresh(*neighbor, now);
  transmit(std::move(packet), *neighbor);
  return Sent::sent;
}

void NeighborCache::learn(const ArpMessage& message, bool asks_for_us, Instant now) noexcept {
  const bool unusable = message.sender_ip == 0 || (message.sender_mac[0] & 1) != 0;
  if (unusable) return;
  Neighbor* neighbor = find(message.sender_ip);
  if (neighbor == nullptr) {
    if (!asks_for_us) return;
    neighbor = &insert(message.sender_ip);
    neighbor->used = now;
  }
  neighbor->state = State::reachable;
  neighbor->mac = message.sender_mac;
  neighbor->confirmed = now;
  neighbor->tries = 0;
  for (std::size_t i = 0; i < neighbor->held_count; ++i)
    transmit(PacketPtr(neighbor->held[i]), *neighbor);
  held_ -= neighbor->held_count;
  neighbor->held_count = 0;
}

NeighborCache::Neighbor* NeighborCache::set_of(std::uint32_t address) noexcept {
  const std::size_t set = ((address ^ (secret_ >> 32)) * secret_ >> 40) % kNeighborSets;
  return &neighbors_[set * kNeighborWays];
}

NeighborCache::Neighbor* NeighborCache::find(std::uint32_t address) noexcept {
  Neighbor* set = set_of(address);
  for (std::size_t way = 0; way < kNeighborWays; ++way)
    if (set[way].address == address && set[way].state != State::unused) return &set[way];
  return nullptr;
}

// Displaces an unused entry, else one that never answered, else the least recently used.
NeighborCache::Neighbor& NeighborCache::insert(std::uint32_t address) noexcept {
  Neighbor* set = set_of(address);
  Neighbor* victim = set;
  for (std::size_t way = 1; way < kNeighborWays; ++way) {
    Neighbor& candidate = set[way];
    const bool weaker = candidate.state < victim->state ||
                        (candidate.state == victim->state && candidate.used < victim->used);
    if (weaker) victim = &candidate;
  }
  drop_held(*victim);
  *victim = Neighbor{};
  victim->address = address;
  return *victim;
}

void NeighborCache::transmit(PacketPtr packet, const Neighbor& neighbor) noexcept {
  write_ethernet(packet->push_front(kEthernetHeaderLength), {neighbor.mac, mac_, kEtherTypeIpv4});
  packet->l2_length = kEthernetHeaderLength;
  tx_.push(std::move(packet));
}

Sent NeighborCache::hold(PacketPtr packet, Neighbor& neighbor, Instant now) noexcept {
  const bool given_up = neighbor.tries >= kArpTries;
  if (given_up && now - neighbor.asked < kArpInterval) return Sent::unreachable;
  if (neighbor.tries == 0 || given_up) {  // a new try each time somebody wants it again
    ask(neighbor, now);
    if (!sweep_timer_.armed()) wheel_.set(sweep_timer_, now + kArpInterval);
  }
  if (neighbor.held_count < kHeldPerNeighbor && held_ < kHeldInAll) {
    neighbor.held[neighbor.held_count++] = packet.release();
    ++held_;
  }
  return given_up ? Sent::unreachable : Sent::held;
}

// A neighbour that was reachable stays in use while it is asked again, one unicast a second.
void NeighborCache::refresh(Neighbor& neighbor, Instant now) noexcept {
  if (neighbor.tries >= kArpTries) {
    neighbor.state = State::incomplete;
    neighbor.tries = 0;
    neighbor.confirmed = now;
  } else if (neighbor.tries == 0 || now - neighbor.asked >= kArpInterval) {
    ask(neighbor, now);
  }
}

void NeighborCache::ask(Neighbor& neighbor, Instant now) noexcept {
  neighbor.asked = now;
  if (neighbor.tries < kArpTries) ++neighbor.tries;
  PacketPtr frame(port_.pool().allocate());
  if (!frame) return;
  frame->length = kEthernetHeaderLength + kArpLength;
  const bool known = neighbor.state == State::reachable;
  write_ethernet(frame->data, {known ? neighbor.mac : kBroadcastMac, mac_, kEtherTypeArp});
  write_arp(frame->data + kEthernetHeaderLength,
            {kArpRequest, mac_, neighbor.own, MacAddress{}, neighbor.address});
  tx_.push(std::move(frame));
}

void NeighborCache::drop_held(Neighbor& neighbor) noexcept {
  for (std::size_t i = 0; i < neighbor.held_count; ++i) PacketPtr(neighbor.held[i]).reset();
  held_ -= neighbor.held_count;
  neighbor.held_count = 0;
}

// Once a second while frames are held: asks again, gives up after kArpTries.
void NeighborCache::sweep(Instant now) noexcept {
  for (Neighbor& neighbor : neighbors_) {
    if (neighbor.state != State::incomplete || neighbor.held_count == 0) continue;
    if (now - neighbor.asked < kArpInterval) continue;
    if (neighbor.tries >= kArpTries) {
      drop_held(neighbor);
    } else {
      ask(neighbor, now);
    }
  }
  if (held_ > 0) wheel_.set(sweep_timer_, now + kArpInterval);
}

}  // namespace sluice::net
