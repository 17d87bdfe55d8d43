#include "engine/net/ip_output.h"

namespace sluice::net {
namespace {

bool is_multicast(const IpAddress& address) noexcept {
  return address.is_v4() ? address.v4() >> 28 == 0xe : address.octets[0] == 0xff;
}

}  // namespace

IpOutput::IpOutput(Port& port, LinkOutput& link, NeighborCache& neighbors,
                   const AddressTable& addresses, const RouteTable& routes,
                   const RouterDiscovery& routers, std::uint64_t secret)
    : link_(link),
      neighbors_(neighbors),
      addresses_(addresses),
      routes_(routes),
      routers_(routers),
      pool_(port.pool()),
      capabilities_(port.capabilities()),
      mtu_(port.mtu()),
      next_identification_(static_cast<std::uint16_t>(secret)) {}

std::optional<IpPath> IpOutput::path_to(const IpAddress& remote,
                                        std::optional<IpAddress> local) const noexcept {
  const bool one_host = !remote.is_unspecified() && !addresses_.is_broadcast(remote) &&
                        !is_multicast(remote) && !addresses_.is_ours(remote);
  if (!one_host) return {};
  const auto next_hop = routes_.next_hop(remote);
  if (!next_hop) return {};
  if (!local) local = addresses_.source_for(remote, *next_hop);
  if (!local) return {};
  return IpPath{*local, remote, *next_hop};
}

Sent IpOutput::send(PacketPtr packet, const IpPath& path, const IpSend& how, Instant now) noexcept {
  if (path.remote.is_v4()) {
    push_ipv4(*packet, path, how);
  } else {
    push_ipv6(*packet, path, how);
  }
  if (capabilities_.ethernet)
    return neighbors_.deliver(std::move(packet), path.next_hop, path.local, now);
  link_.send_bare(std::move(packet));
  return Sent::sent;
}

void IpOutput::push_ipv4(Packet& packet, const IpPath& path, const IpSend& how) noexcept {
  Ipv4Header header;
  header.tos = how.traffic_class;
  header.total_length = static_cast<std::uint16_t>(packet.length + kIpv4HeaderLength);
  header.dont_fragment = how.dont_fragment;
  // An atomic datagram needs no identification (RFC 6864 4.1).
  header.identification = how.dont_fragment ? std::uint16_t{0} : next_identification_++;
  header.ttl = how.hop_limit.value_or(kDefaultHopLimit);
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
  header.hop_limit = how.hop_limit.value_or(routers_.hop_limit());
  header.source = path.local;
  header.destination = path.remote;
  write_ipv6(packet.push_front(kIpv6HeaderLength), header);
  packet.l3_length = kIpv6HeaderLength;
}

}  // namespace sluice::net
