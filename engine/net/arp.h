// ARP messages that come in (RFC 826), and the conflicts that they show (RFC 5227).
#pragma once

#include "engine/net/conflict_detector.h"
#include "engine/net/neighbor.h"

namespace sluice::net {

class Arp {
 public:
  Arp(AddressTable& addresses, NeighborCache& neighbors, ConflictDetector& conflicts,
      LinkOutput& link)
      : addresses_(addresses), neighbors_(neighbors), conflicts_(conflicts), link_(link) {}

  // False: malformed.
  bool message_in(ByteView octets, Instant now) noexcept;

 private:
  bool finds_conflict(const ArpMessage& message, Instant now) noexcept;

  AddressTable& addresses_;
  NeighborCache& neighbors_;
  ConflictDetector& conflicts_;
  LinkOutput& link_;
};

}  // namespace sluice::net
