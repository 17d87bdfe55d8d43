// Neighbour discovery messages that come in (RFC 4861 7, RFC 4862 5.4). Redirects are not followed:
// a server gains little by them and an attacker on the link much.
#pragma once

#include "engine/net/conflict_detector.h"
#include "engine/net/neighbor.h"
#include "engine/net/router_discovery.h"

namespace sluice::net {

class NeighborDiscovery {
 public:
  NeighborDiscovery(AddressTable& addresses, NeighborCache& neighbors, RouteTable& routes,
                    ConflictDetector& conflicts, RouterDiscovery& routers, LinkOutput& link)
      : addresses_(addresses),
        neighbors_(neighbors),
        routes_(routes),
        conflicts_(conflicts),
        routers_(routers),
        link_(link) {}

  static bool is_nd(std::uint8_t icmpv6_type) noexcept {
    return icmpv6_type >= kNdRouterSolicitation && icmpv6_type <= kNdRedirect;
  }
  // `icmp` with its checksum verified; `from` is the sender on the link. False: malformed.
  bool message_in(ByteView icmp, const IpDatagram& ip, const MacAddress& from,
                  Instant now) noexcept;

 private:
  bool solicitation_in(const NeighborMessage& message, const IpDatagram& ip, const MacAddress& from,
                       Instant now) noexcept;
  bool advertisement_in(const NeighborMessage& message, const IpDatagram& ip, Instant now) noexcept;

  AddressTable& addresses_;
  NeighborCache& neighbors_;
  RouteTable& routes_;
  ConflictDetector& conflicts_;
  RouterDiscovery& routers_;
  LinkOutput& link_;
};

}  // namespace sluice::net
