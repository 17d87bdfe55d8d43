// Sending IP, of both families: the path to a destination, the header, the offload requests.
#pragma once

#include <optional>

#include "engine/net/addresses.h"
#include "engine/net/ip_datagram.h"
#include "engine/net/neighbor.h"
#include "engine/net/router_discovery.h"
#include "engine/net/routes.h"
#include "engine/net/wire/ipv4.h"
#include "engine/net/wire/ipv6.h"

namespace sluice::net {

inline std::uint32_t ip_header_length(const IpAddress& address) noexcept {
  return address.is_v4() ? kIpv4HeaderLength : kIpv6HeaderLength;
}

// Where packets of a flow go: resolved once per connection.
struct IpPath {
  IpAddress local;
  IpAddress remote;
  IpAddress next_hop;
};

class IpOutput {
 public:
  IpOutput(Port& port, LinkOutput& link, NeighborCache& neighbors, const AddressTable& addresses,
           const RouteTable& routes, const RouterDiscovery& routers, std::uint64_t secret);

  bool is_ours(const IpAddress& address) const noexcept { return addresses_.is_ours(address); }
  // Ours, even if it is still being probed.
  bool is_known(const IpAddress& address) const noexcept { return addresses_.is_known(address); }
  // The path from `local`, or from the address that RFC 6724 selects; nothing without a route, for
  // a destination that is no single host, and to ourselves.
  std::optional<IpPath> path_to(const IpAddress& remote,
                                std::optional<IpAddress> local = {}) const noexcept;

  // `packet` starts with the layer 4 header.
  Sent send(PacketPtr packet, const IpPath& path, const IpSend& how, Instant now) noexcept;

  const PortCapabilities& capabilities() const noexcept { return capabilities_; }
  // The largest IP packet that leaves to this address as far as the link decides.
  std::uint32_t mtu(const IpAddress& remote) const noexcept {
    return remote.is_v4() ? mtu_ : routers_.mtu();
  }
  PacketPool& pool() noexcept { return pool_; }

 private:
  void push_ipv4(Packet& packet, const IpPath& path, const IpSend& how) noexcept;
  void push_ipv6(Packet& packet, const IpPath& path, const IpSend& how) noexcept;

  LinkOutput& link_;
  NeighborCache& neighbors_;
  const AddressTable& addresses_;
  const RouteTable& routes_;
  const RouterDiscovery& routers_;
  PacketPool& pool_;
  PortCapabilities capabilities_;
  std::uint16_t mtu_;
  std::uint16_t next_identification_;
};

}  // namespace sluice::net
