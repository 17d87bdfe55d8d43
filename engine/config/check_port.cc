#include "engine/config/check_port.h"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::config {
namespace {

constexpr std::uint16_t kIpv6MtuMin = 1'280;  // RFC 8200 section 5

bool has_host_bits(const Prefix& prefix) {
  IpAddress network = prefix.address;
  const unsigned first = prefix.length + (prefix.address.is_v4() ? 96u : 0u);
  for (unsigned bit = first; bit < 128; ++bit)
    network.octets[bit / 8] &= static_cast<std::uint8_t>(~(0x80u >> (bit % 8)));
  return network != prefix.address;
}

// The network itself and its broadcast address name no host (RFC 3021: both do in a /31).
bool is_no_host_of(const Prefix& prefix) {
  if (!prefix.address.is_v4() || prefix.length > 30) return false;
  const std::uint32_t host = UINT32_MAX >> prefix.length;
  const std::uint32_t bits = prefix.address.v4() & host;
  return bits == 0 || bits == host;
}

bool names_one_host(const IpAddress& address) {
  if (address.is_unspecified()) return false;
  if (address.is_v4()) {
    const std::uint32_t first = address.v4() >> 24;
    return first != 0 && first != 127 && first < 224;
  }
  return address.octets[0] != 0xff && address != *IpAddress::parse("::1");
}

bool is_link_local(const IpAddress& address) {
  return address.octets[0] == 0xfe && (address.octets[1] & 0xc0) == 0x80;
}

bool on_link(const Port& port, const IpAddress& address) {
  const bool ipv6 = !address.is_v4() && is_link_local(address);
  return ipv6 || std::ranges::any_of(port.addresses,
                                     [&](const Prefix& own) { return own.contains(address); });
}

bool is_own(const Port& port, const IpAddress& address) {
  return std::ranges::any_of(port.addresses,
                             [&](const Prefix& own) { return own.address == address; });
}

void check_addresses(const Port& port, PortFaults& faults) {
  if (port.addresses.size() > kPortAddressesMax)
    faults.emplace_back("address", fmt::format("address has {} entries; a port takes {}",
                                               port.addresses.size(), kPortAddressesMax));
  for (std::size_t i = 0; i < port.addresses.size(); ++i) {
    const Prefix& own = port.addresses[i];
    if (!names_one_host(own.address) || is_no_host_of(own))
      faults.emplace_back("address", fmt::format("address {} is not that of one host", own.text()));
    for (std::size_t j = 0; j < i; ++j)
      if (port.addresses[j].address == own.address)
        faults.emplace_back("address",
                            fmt::format("address {} is given twice", own.address.text()));
  }
  const bool ipv6 =
      std::ranges::any_of(port.addresses, [](const Prefix& own) { return !own.address.is_v4(); });
  if ((ipv6 || port.router_advertisements) && port.mtu < kIpv6MtuMin)
    faults.emplace_back("mtu", fmt::format("mtu {} is below {}, which IPv6 needs (RFC 8200)",
                                           port.mtu, kIpv6MtuMin));
}

void check_router(const Port& port, const char* key, const char* what, const IpAddress& router,
                  PortFaults& faults) {
  if (is_own(port, router))
    faults.emplace_back(key, fmt::format("{} {} is an address of this port", what, router.text()));
  else if (!port.addresses.empty() && !on_link(port, router))
    faults.emplace_back(key, fmt::format("{} {} is on no network of this port; its address list "
                                         "decides that",
                                         what, router.text()));
}

void check_static_routes(const Port& port, PortFaults& faults) {
  for (std::size_t i = 0; i < port.routes.size(); ++i) {
    const PortRoute& route = port.routes[i];
    const std::string prefix = route.prefix.text();
    if (has_host_bits(route.prefix))
      faults.emplace_back("route", fmt::format("prefix {} has bits beyond its length", prefix));
    if (route.prefix.address.is_v4() != route.via.is_v4())
      faults.emplace_back("route", fmt::format("prefix {} and via {} are of different families",
                                               prefix, route.via.text()));
    check_router(port, "route", "via", route.via, faults);
    for (std::size_t j = 0; j < i; ++j)
      if (port.routes[j].prefix == route.prefix)
        faults.emplace_back("route", fmt::format("prefix {} is given twice", prefix));
  }
}

}  // namespace

PortFaults port_faults(const Port& port) {
  PortFaults faults;
  check_addresses(port, faults);
  for (const IpAddress& gateway : port.gateways)
    check_router(port, "gateway", "gateway", gateway, faults);
  check_static_routes(port, faults);
  return faults;
}

}  // namespace sluice::config
