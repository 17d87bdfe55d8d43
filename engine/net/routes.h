// Where a packet goes next: networks on the link, static routes, default routers; the longest
// prefix decides (RFC 1122 3.3.1.2, RFC 4861 5.2).
#pragma once

#include <optional>
#include <vector>

#include "engine/base/clock.h"
#include "engine/net/neighbor.h"

namespace sluice::net {

inline constexpr std::size_t kAdvertisedRoutesMax = 16;  // prefixes and routers, RFC 4861 6.3.4

inline constexpr Prefix kDefaultRouteV4{IpAddress::from_v4(0), 0};
inline constexpr Prefix kDefaultRouteV6{};

class RouteTable {
 public:
  RouteTable(const StackOptions& options, const Port& port, const NeighborCache& neighbors);

  // The neighbour that a packet to `remote` is handed to: `remote` itself on the link. Among equal
  // routes a router that does not answer comes last (RFC 4861 6.3.6).
  std::optional<IpAddress> next_hop(const IpAddress& remote) const noexcept;

  // What a router advertises: an on-link prefix, or (with `via`) itself as a default router.
  void advertise(const Prefix& prefix, const std::optional<IpAddress>& via,
                 Instant expires) noexcept;
  void withdraw(const Prefix& prefix, const std::optional<IpAddress>& via) noexcept;
  void expire(Instant now) noexcept;

 private:
  struct Entry {
    Prefix prefix;
    std::optional<IpAddress> via;  // none: on the link
    Instant expires = Instant::never();
    bool advertised = false;
  };
  void add(const Prefix& prefix, const std::optional<IpAddress>& via);
  void insert(const Entry& entry) noexcept;
  Entry* find(const Prefix& prefix, const std::optional<IpAddress>& via) noexcept;

  const NeighborCache& neighbors_;
  std::size_t advertised_ = 0;
  std::vector<Entry> entries_;  // longest prefix first; room for the advertised ones is reserved
};

}  // namespace sluice::net
