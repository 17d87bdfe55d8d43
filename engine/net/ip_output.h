// Sending IP, of both families: our addresses, routes, the header, the offload requests.
#pragma once

#include <optional>
#include <vector>

#include "engine/net/ip_datagram.h"
#include "engine/net/neighbor.h"
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
  IpOutput(const StackOptions& options, Port& port, NeighborCache& neighbors, TxQueue& tx,
           std::uint64_t secret);

  bool is_ours(const IpAddress& address) const noexcept;
  // The path from `local` (or from our address nearest to the peer); nothing without a route.
  std::optional<IpPath> path_to(const IpAddress& remote,
                                std::optional<IpAddress> local = {}) const noexcept;

  // `packet` starts with the layer 4 header.
  Sent send(PacketPtr packet, const IpPath& path, const IpSend& how, Instant now) noexcept;

  const PortCapabilities& capabilities() const noexcept { return capabilities_; }
  // The largest IP packet that leaves to this address as far as the link decides.
  std::uint32_t mtu(const IpAddress&) const noexcept { return mtu_; }
  PacketPool& pool() noexcept { return pool_; }

 private:
  void push_ipv4(Packet& packet, const IpPath& path, const IpSend& how) noexcept;
  void push_ipv6(Packet& packet, const IpPath& path, const IpSend& how) noexcept;

  NeighborCache& neighbors_;
  TxQueue& tx_;
  PacketPool& pool_;
  PortCapabilities capabilities_;
  std::uint16_t mtu_;
  std::uint16_t next_identification_;
  std::vector<Prefix> addresses_;
  std::vector<IpAddress> gateways_;
};

}  // namespace sluice::net
