#include "engine/net/routes.h"

#include <algorithm>

namespace sluice::net {
namespace {

constexpr Prefix kLinkLocalNetwork{{{0xfe, 0x80}}, 64};

}  // namespace

RouteTable::RouteTable(const StackOptions& options, const Port& port,
                       const NeighborCache& neighbors)
    : neighbors_(neighbors) {
  entries_.reserve(options.addresses.size() + options.routes.size() + options.gateways.size() +
                   kAdvertisedRoutesMax + 3);
  for (const Prefix& address : options.addresses) add(address, {});
  for (const Route& route : options.routes) add(route.prefix, route.via);
  for (const IpAddress& gateway : options.gateways)
    add(gateway.is_v4() ? kDefaultRouteV4 : kDefaultRouteV6, gateway);
  if (port.capabilities().ethernet) {
    add(kLinkLocalNetwork, {});
  } else {  // a link without neighbours: whatever leaves by it is on it
    add(kDefaultRouteV4, {});
    add(kDefaultRouteV6, {});
  }
}

void RouteTable::add(const Prefix& prefix, const std::optional<IpAddress>& via) {
  if (find(prefix, via) == nullptr) insert({.prefix = prefix, .via = via});
}

void RouteTable::insert(const Entry& entry) noexcept {
  const auto at = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& other) {
    return other.prefix.length < entry.prefix.length;
  });
  entries_.insert(at, entry);
}

RouteTable::Entry* RouteTable::find(const Prefix& prefix,
                                    const std::optional<IpAddress>& via) noexcept {
  for (Entry& entry : entries_)
    if (entry.prefix == prefix && entry.via == via) return &entry;
  return nullptr;
}

std::optional<IpAddress> RouteTable::next_hop(const IpAddress& remote) const noexcept {
  const Entry* dead = nullptr;
  for (const Entry& entry : entries_) {
    if (!entry.prefix.contains(remote)) continue;
    if (dead != nullptr && entry.prefix.length < dead->prefix.length) break;
    if (!entry.via || !neighbors_.failed(*entry.via)) return entry.via.value_or(remote);
    if (dead == nullptr) dead = &entry;
  }
  if (dead == nullptr) return {};
  return dead->via;
}

void RouteTable::advertise(const Prefix& prefix, const std::optional<IpAddress>& via,
                           Instant expires) noexcept {
  if (Entry* known = find(prefix, via)) {
    if (known->advertised) known->expires = expires;
    return;
  }
  if (advertised_ == kAdvertisedRoutesMax) return;
  ++advertised_;
  insert({prefix, via, expires, true});
}

void RouteTable::withdraw(const Prefix& prefix, const std::optional<IpAddress>& via) noexcept {
  Entry* known = find(prefix, via);
  if (known == nullptr || !known->advertised) return;
  --advertised_;
  entries_.erase(entries_.begin() + (known - entries_.data()));
}

void RouteTable::expire(Instant now) noexcept {
  advertised_ -= std::erase_if(entries_, [&](const Entry& entry) { return entry.expires <= now; });
}

}  // namespace sluice::net
