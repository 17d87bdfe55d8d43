#include "engine/net/ip_output.h"

#include <algorithm>

namespace sluice::net {

IpOutput::IpOutput(const StackOptions& options, Port& port, NeighborCache& neighbors, TxQueue& tx,
                   std::uint64_t secret)
    : neighbors_(neighbors),
      tx_(tx),
      pool_(port.pool()),
      capabilities_(port.capabilities()),
      mtu_(port.mtu()),
      next_identification_(static_cast<std::uint16_t>(secret)),
      addresses_(options.addresses),
      gateways_(options.gateways) {}

bool IpOutput::is_ours(const IpAddress& address) const noexcept {
  return std::any_of(addresses_.begin(), addresses_.end(),
                     [&](const Prefix& prefix) { return prefix.address == address; });
}

std::optional<IpPath> IpOutput::path_to(const IpAddress& remote,
                                        std::optional<IpAddress> local) const noexcept {
  const auto same_family = [&](const IpAddress& ours) { return ours.is_v4() == remote.is_v4(); };
  for (const Prefix& prefix : addresses_) {
    const bool on_link = !capabilities_.ethernet || prefix.contains(remote);
    if (on_link && same_family(prefix.address))
      return IpPath{local.value_or(prefix.address), remote, remote};
  }
  for (const IpAddress& gateway : gateways_)
    for (const Prefix& prefix : addresses_)
      if (same_family(gateway) && prefix.contains(gateway))
        return IpPath{local.value_or(prefix.address), remote, gateway};
  return {};
}

Sent IpOutput::send(PacketPtr packet, const IpPath& path, const IpSend& how, Instant now) noexcept {
  const bool v4 = path.remote.is_v4();
  if (v4) {
    push_ipv4(*packet, path, how);
  } else {
    push_ipv6(*packet, path, how);
  }
  if (capabilities_.ethernet && v4)
    return neighbors_.deliver(std::move(packet), path.next_hop.v4(), path.local.v4(), now);
  if (capabilities_.ethernet) return Sent::unreachable;
  packet->l2_length = 0;
  tx_.push(std::move(packet));
  return Sent::sent;
}

void IpOutput::push_ipv4(Packet& packet, const IpPath& path, const IpSend& how) noexcept {
  Ipv4Header header;
  header.tos = how.traffic_class;
  header.total_length = static_cast<std::uint16_t>(packet.length + kIpv4HeaderLength);
  header.dont_fragment = how.dont_fragment;
  // An atomic datagram needs no identification (RFC 6864 4.1).
  header.identification = how.dont_fragment ? std::uint16_t{0} : next_identification_++;
  header.ttl = how.hop_limit;
  header.protocol = how.protocol;
  header.source = path.local.v4();
  header.destination = path.remote.v4();
  std::uint8_t* at = packet.push_front(kIpv4HeaderLength);
  write_ipv4(at, header);
  packet.l3_length = kIpv4HeaderLength;
  if (capabilities_.tx_ip_checksum) {
    packet.flags |= kTxIpChecksum;
  } else {
    fill_ipv4_checksum(at);
  }
}

void IpOutput::push_ipv6(Packet& packet, const IpPath& path, const IpSend& how) noexcept {
  Ipv6Header header;
  header.traffic_class = how.traffic_class;
  header.payload_length = static_cast<std::uint16_t>(packet.length);
  header.next_header = how.protocol;
  header.hop_limit = how.hop_limit;
  header.source = path.local;
  header.destination = path.remote;
  write_ipv6(packet.push_front(kIpv6HeaderLength), header);
  packet.l3_length = kIpv6HeaderLength;
}

}  // namespace sluice::net
