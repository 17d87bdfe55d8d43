#include "engine/net/ip_output.h"

#include <algorithm>

namespace sluice::net {

IpOutput::IpOutput(const StackOptions& options, Port& port, NeighborCache& neighbors,
                   std::uint64_t secret)
    : neighbors_(neighbors),
      pool_(port.pool()),
      capabilities_(port.capabilities()),
      mtu_(port.mtu()),
      next_identification_(static_cast<std::uint16_t>(secret)),
      addresses_(options.addresses) {
  for (const Prefix& prefix : addresses_)
    if (prefix.address.is_v4()) own_v4_.push_back(prefix.address.v4());
  for (const IpAddress& gateway : options.gateways)
    if (gateway.is_v4() && !gateway_v4_) gateway_v4_ = gateway;
}

bool IpOutput::is_ours(std::uint32_t address) const noexcept {
  return std::find(own_v4_.begin(), own_v4_.end(), address) != own_v4_.end();
}

std::optional<IpPath> IpOutput::path_to(const IpAddress& remote,
                                        std::optional<IpAddress> local) const noexcept {
  if (!remote.is_v4()) return {};
  for (const Prefix& prefix : addresses_)
    if (prefix.contains(remote)) return IpPath{local.value_or(prefix.address), remote, remote};
  if (!gateway_v4_ || own_v4_.empty()) return {};
  for (const Prefix& prefix : addresses_)
    if (prefix.contains(*gateway_v4_))
      return IpPath{local.value_or(prefix.address), remote, *gateway_v4_};
  return {};
}

Sent IpOutput::send(PacketPtr packet, const IpPath& path, std::uint8_t protocol, bool dont_fragment,
                    Instant now) noexcept {
  Ipv4Header header;
  header.total_length = static_cast<std::uint16_t>(packet->length + kIpv4HeaderLength);
  header.dont_fragment = dont_fragment;
  // An atomic datagram needs no identification (RFC 6864 4.1).
  header.identification = dont_fragment ? std::uint16_t{0} : next_identification_++;
  header.protocol = protocol;
  header.source = v4_of_address(path.local);
  header.destination = v4_of_address(path.remote);
  std::uint8_t* at = packet->push_front(kIpv4HeaderLength);
  write_ipv4(at, header);
  packet->l3_length = kIpv4HeaderLength;
  if (capabilities_.tx_ip_checksum) {
    packet->flags |= kTxIpChecksum;
  } else {
    fill_ipv4_checksum(at);
  }
  return neighbors_.deliver(std::move(packet), v4_of_address(path.next_hop), header.source, now);
}

}  // namespace sluice::net
