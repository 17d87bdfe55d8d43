// What routers advertise, where the configuration lets them (RFC 4861 6.3, RFC 4862 5.5): default
// routers, prefixes on the link, addresses below these, the MTU.
#pragma once

#include "engine/net/conflict_detector.h"
#include "engine/net/ip_datagram.h"
#include "engine/net/mld.h"
#include "engine/net/routes.h"

namespace sluice::net {

class RouterDiscovery {
 public:
  RouterDiscovery(AddressTable& addresses, NeighborCache& neighbors, RouteTable& routes,
                  ConflictDetector& conflicts, MulticastListener& groups, LinkOutput& link,
                  TimerWheel& wheel, std::uint16_t port_mtu, bool enabled);

  void start(Instant now) noexcept;  // begins to solicit
  // False: malformed.
  bool advertisement_in(ByteView icmp, const IpDatagram& ip, Instant now) noexcept;

  std::uint32_t mtu() const noexcept { return mtu_; }  // of IPv6 packets on this link
  std::uint8_t hop_limit() const noexcept { return hop_limit_; }

 private:
  void take_prefix(const PrefixInformation& information, Instant now) noexcept;
  void take_autonomous(const PrefixInformation& information, Instant now) noexcept;
  void tick(Instant now) noexcept;

  AddressTable& addresses_;
  NeighborCache& neighbors_;
  RouteTable& routes_;
  ConflictDetector& conflicts_;
  MulticastListener& groups_;
  LinkOutput& link_;
  TimerWheel& wheel_;
  std::uint32_t port_mtu_;
  bool enabled_;
  bool heard_ = false;  // an advertisement has come in
  std::uint8_t solicitations_ = 0;
  std::uint32_t mtu_;
  std::uint8_t hop_limit_ = kDefaultHopLimit;
  Instant next_solicitation_{};
  Timer timer_;
};

}  // namespace sluice::net
