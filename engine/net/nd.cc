#include "engine/net/nd.h"

#include "engine/net/wire/ethernet.h"

namespace sluice::net {

bool NeighborDiscovery::message_in(ByteView icmp, const IpDatagram& ip, const MacAddress& from,
                                   Instant now) noexcept {
  if (ip.hop_limit != kNdHopLimit || icmp[1] != 0) return false;  // it came through a router
  // Our own, come back. The link address alone does not tell: a kernel behind a TAP device shares
  // it with us.
  const bool speaks_as_us = ip.source.is_unspecified() || addresses_.find(ip.source) != nullptr;
  if (from == link_.mac() && speaks_as_us) return true;
  if (icmp[0] == kNdRouterAdvertisement) return routers_.advertisement_in(icmp, ip, now);
  if (icmp[0] != kNdNeighborSolicitation && icmp[0] != kNdNeighborAdvertisement) return true;
  const auto message = parse_neighbor_message(icmp);
  if (!message) return false;
  return message->type == kNdNeighborSolicitation ? solicitation_in(*message, ip, from, now)
                                                  : advertisement_in(*message, ip, now);
}

// RFC 4861 7.1.1, 7.2.3, 7.2.4; RFC 4862 5.4.3.
bool NeighborDiscovery::solicitation_in(const NeighborMessage& message, const IpDatagram& ip,
                                        const MacAddress& from, Instant now) noexcept {
  const bool probe = ip.source.is_unspecified();
  if (probe && (message.mac || ip.destination != solicited_node(message.target))) return false;
  const OwnAddress* own = addresses_.find(message.target);
  if (own == nullptr) return true;
  if (own->state == AddressState::tentative && probe) conflicts_.conflict(message.target, now);
  if (!own->usable()) return true;
  const NeighborMessage answer{.type = kNdNeighborAdvertisement,
                               .solicited = !probe,
                               .overrides = true,
                               .target = message.target,
                               .mac = link_.mac()};
  if (probe) {
    link_.send_nd(answer, message.target, kAllNodes, multicast_mac(kAllNodes));
    return true;
  }
  if (message.mac) neighbors_.heard(ip.source, *message.mac, now);
  const MacAddress to = message.mac.value_or(from);  // a neighbour that verifies us may omit it
  if (!is_group(to)) link_.send_nd(answer, message.target, ip.source, to);
  return true;
}

// RFC 4861 7.1.2, 7.2.5; RFC 4862 5.4.4.
bool NeighborDiscovery::advertisement_in(const NeighborMessage& message, const IpDatagram& ip,
                                         Instant now) noexcept {
  const bool to_group = ip.destination.octets[0] == 0xff;
  if (to_group && message.solicited) return false;
  if (addresses_.is_known(message.target)) {
    conflicts_.conflict(message.target, now);
    return true;
  }
  neighbors_.advertised({message.target, message.mac, message.solicited, message.overrides}, now);
  if (!message.router) routes_.withdraw(kDefaultRouteV6, message.target);
  return true;
}

}  // namespace sluice::net
