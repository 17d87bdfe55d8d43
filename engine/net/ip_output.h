// Sending IPv4: our addresses, routes, the header, the offload requests.
#pragma once

#include <optional>
#include <vector>

#include "engine/net/neighbor.h"
#include "engine/net/wire/ipv4.h"

namespace sluice::net {

// IpAddress::from_v4 without a call, for the packet path.
inline IpAddress address_of_v4(std::uint32_t host_order) noexcept {
  IpAddress address{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}};
  store32(address.octets.data() + 12, host_order);
  return address;
}

inline std::uint32_t v4_of_address(const IpAddress& address) noexcept {
  return load32(address.octets.data() + 12);
}

// Where packets of a flow go: resolved once per connection.
struct IpPath {
  IpAddress local;
  IpAddress remote;
  IpAddress next_hop;
};

class IpOutput {
 public:
  IpOutput(const StackOptions& options, Port& port, NeighborCache& neighbors, std::uint64_t secret);

  bool is_ours(std::uint32_t address) const noexcept;
  // The path from `local` (or from our address nearest to the peer); nothing without a route.
  std::optional<IpPath> path_to(const IpAddress& remote,
                                std::optional<IpAddress> local = {}) const noexcept;

  // `packet` starts with the layer 4 header.
  Sent send(PacketPtr packet, const IpPath& path, std::uint8_t protocol, bool dont_fragment,
            Instant now) noexcept;

  const PortCapabilities& capabilities() const noexcept { return capabilities_; }
  std::uint16_t mtu() const noexcept { return mtu_; }
  PacketPool& pool() noexcept { return pool_; }

 private:
  NeighborCache& neighbors_;
  PacketPool& pool_;
  PortCapabilities capabilities_;
  std::uint16_t mtu_;
  std::uint16_t next_identification_;
  std::vector<Prefix> addresses_;
  std::vector<std::uint32_t> own_v4_;
  std::optional<IpAddress> gateway_v4_;
};

}  // namespace sluice::net
