#include "engine/net/router_discovery.h"

#include <algorithm>

#include "engine/net/wire/ipv6.h"

namespace sluice::net {
namespace {

// RFC 4861 10
constexpr std::uint8_t kRouterSolicitationsMax = 3;
constexpr Duration kRouterSolicitationInterval = seconds(4);
constexpr Duration kExpiryInterval = seconds(1);      // how exactly lifetimes are kept
constexpr Duration kValidLifetimeMin = hours(2);      // RFC 4862 5.5.3 e
constexpr std::uint32_t kForEver = UINT32_MAX;        // seconds
constexpr std::uint8_t kAutonomousPrefixLength = 64;  // RFC 4862 5.5.3 d, RFC 2464 4

Instant after_seconds(Instant now, std::uint32_t count) noexcept {
  return count == kForEver ? Instant::never() : now + seconds(count);
}

bool is_link_local(const IpAddress& address) noexcept {
  return address.octets[0] == 0xfe && (address.octets[1] & 0xc0) == 0x80;
}

}  // namespace

RouterDiscovery::RouterDiscovery(AddressTable& addresses, NeighborCache& neighbors,
                                 RouteTable& routes, ConflictDetector& conflicts,
                                 MulticastListener& groups, LinkOutput& link, TimerWheel& wheel,
                                 std::uint16_t port_mtu, bool enabled)
    : addresses_(addresses),
      neighbors_(neighbors),
      routes_(routes),
      conflicts_(conflicts),
      groups_(groups),
      link_(link),
      wheel_(wheel),
      port_mtu_(port_mtu),
      enabled_(enabled && link.ethernet()),
      mtu_(port_mtu),
      timer_(
          [](Timer& timer, Instant now) { static_cast<RouterDiscovery*>(timer.owner)->tick(now); },
          this) {}

void RouterDiscovery::start(Instant now) noexcept {
  if (enabled_) wheel_.set(timer_, now);
}

// RFC 4861 6.3.7: asks until somebody has answered, and keeps the lifetimes.
void RouterDiscovery::tick(Instant now) noexcept {
  if (!heard_ && solicitations_ < kRouterSolicitationsMax && now >= next_solicitation_) {
    ++solicitations_;
    next_solicitation_ = now + kRouterSolicitationInterval;
    link_.send_router_solicitation(addresses_.link_local());
  }
  routes_.expire(now);
  addresses_.expire(now);
  wheel_.set(timer_, now + kExpiryInterval);
}

bool RouterDiscovery::advertisement_in(ByteView icmp, const IpDatagram& ip, Instant now) noexcept {
  if (!enabled_) return true;
  const auto advert = parse_router_advertisement(icmp);
  if (!advert || !is_link_local(ip.source)) return false;  // 6.1.2
  heard_ = true;
  if (advert->mac) neighbors_.heard(ip.source, *advert->mac, now);
  if (advert->lifetime_s > 0) {
    routes_.advertise(kDefaultRouteV6, ip.source, now + seconds(advert->lifetime_s));
  } else {
    routes_.withdraw(kDefaultRouteV6, ip.source);
  }
  if (advert->hop_limit != 0) hop_limit_ = advert->hop_limit;
  if (advert->mtu >= kIpv6MtuMin) mtu_ = std::min(advert->mtu, port_mtu_);
  for (std::size_t i = 0; i < advert->prefix_count; ++i) take_prefix(advert->prefixes[i], now);
  return true;
}

// RFC 4861 6.3.4
void RouterDiscovery::take_prefix(const PrefixInformation& information, Instant now) noexcept {
  const IpAddress& network = information.prefix.address;
  const bool unusable = network.octets[0] == 0xff || is_link_local(network) || network.is_v4() ||
                        information.prefix.length == 0;
  if (unusable) return;
  if (information.on_link && information.valid_s > 0) {
    routes_.advertise(information.prefix, {}, after_seconds(now, information.valid_s));
  } else if (information.on_link) {
    routes_.withdraw(information.prefix, {});
  }
  if (information.autonomous) take_autonomous(information, now);
}

// RFC 4862 5.5.3
void RouterDiscovery::take_autonomous(const PrefixInformation& information, Instant now) noexcept {
  if (information.preferred_s > information.valid_s ||
      information.prefix.length != kAutonomousPrefixLength)
    return;
  const IpAddress address = addresses_.automatic_address(information.prefix.address);
  OwnAddress* own = addresses_.find(address);
  const Instant valid = after_seconds(now, information.valid_s);
  if (own == nullptr) {
    own = information.valid_s == 0 ? nullptr : addresses_.add_automatic(address);
    if (own == nullptr) return;
    own->valid_until = valid;
    own->preferred_until = after_seconds(now, information.preferred_s);
    groups_.joined(now);
    return conflicts_.start(*own, now);
  }
  if (!own->automatic) return;
  own->preferred_until = after_seconds(now, information.preferred_s);
  if (own->state == AddressState::deprecated && own->preferred_until > now)
    own->state = AddressState::preferred;
  // e: a forged advertisement cannot take the address away at once.
  const bool longer = valid > own->valid_until || valid > now + kValidLifetimeMin;
  if (longer) {
    own->valid_until = valid;
  } else if (own->valid_until > now + kValidLifetimeMin) {
    own->valid_until = now + kValidLifetimeMin;
  }
}

}  // namespace sluice::net
