#include "engine/net/addresses.h"

#include <algorithm>
#include <bit>

#include "engine/net/wire/nd.h"

namespace sluice::net {
namespace {

constexpr IpAddress kLinkLocalNetwork{{0xfe, 0x80}};
constexpr std::uint8_t kInterfaceIdentifierBits = 64;  // RFC 4291 2.5.1

// A modified EUI-64 below `network` (RFC 4291 appendix A): stable, and the same on every core.
IpAddress with_interface_identifier(IpAddress network, const MacAddress& mac) noexcept {
  std::uint8_t* at = network.octets.data() + 8;
  at[0] = mac[0] ^ 0x02;
  at[1] = mac[1];
  at[2] = mac[2];
  at[3] = 0xff;
  at[4] = 0xfe;
  at[5] = mac[3];
  at[6] = mac[4];
  at[7] = mac[5];
  return network;
}

bool is_link_local(const IpAddress& address) noexcept {
  return address.octets[0] == 0xfe && (address.octets[1] & 0xc0) == 0x80;
}

// RFC 6724 3.1; unique local addresses have global scope.
int scope_of(const IpAddress& address) noexcept {
  constexpr int kLinkLocal = 2;
  constexpr int kGlobal = 14;
  if (address.octets[0] == 0xff) return address.octets[1] & 0x0f;
  return is_link_local(address) ? kLinkLocal : kGlobal;
}

// The default policy table of RFC 6724 2.1, as far as its prefixes are still in use.
int label_of(const IpAddress& address) noexcept {
  const auto& octets = address.octets;
  if ((octets[0] & 0xfe) == 0xfc) return 13;             // fc00::/7
  if (octets[0] == 0x20 && octets[1] == 0x02) return 2;  // 2002::/16
  if (octets[0] == 0x20 && octets[1] == 0x01 && octets[2] == 0 && octets[3] == 0) return 5;
  return 1;
}

int common_prefix_length(const IpAddress& a, const IpAddress& b, int limit) noexcept {
  int length = 0;
  for (std::size_t i = 0; i < a.octets.size() && length < limit; ++i) {
    const auto differing = static_cast<std::uint8_t>(a.octets[i] ^ b.octets[i]);
    length += std::countl_zero(differing);
    if (differing != 0) break;
  }
  return std::min(length, limit);
}

// RFC 6724 5, the rules that can differ between two addresses of one port. True: a before b.
bool better_source(const OwnAddress& a, const OwnAddress& b, const IpAddress& remote) noexcept {
  const int scope_a = scope_of(a.address());
  const int scope_b = scope_of(b.address());
  if (scope_a != scope_b) {  // rule 2
    const int wanted = scope_of(remote);
    return scope_a < scope_b ? scope_a >= wanted : scope_b < wanted;
  }
  if (a.state != b.state) return a.state == AddressState::preferred;  // rule 3
  const bool label_a = label_of(a.address()) == label_of(remote);
  const bool label_b = label_of(b.address()) == label_of(remote);
  if (label_a != label_b) return label_a;  // rule 6
  return common_prefix_length(a.address(), remote, a.prefix.length) >
         common_prefix_length(b.address(), remote, b.prefix.length);  // rule 8
}

}  // namespace

AddressTable::AddressTable(const StackOptions& options, const Port& port) : mac_(port.mac()) {
  addresses_.reserve(kAddressesMax);
  for (const Prefix& prefix : options.addresses) add(prefix);
  const bool ipv6 = options.router_advertisements ||
                    std::any_of(addresses_.begin(), addresses_.end(),
                                [](const OwnAddress& own) { return !own.address().is_v4(); });
  if (!ipv6 || !port.capabilities().ethernet) return;
  link_local_ = with_interface_identifier(kLinkLocalNetwork, mac_);
  add({*link_local_, kInterfaceIdentifierBits});
}

void AddressTable::add(const Prefix& prefix) {
  if (addresses_.size() < kAddressesMax && !is_known(prefix.address))
    addresses_.push_back({.prefix = prefix});
}

OwnAddress* AddressTable::find(const IpAddress& address) noexcept {
  for (OwnAddress& own : addresses_)
    if (own.address() == address) return &own;
  return nullptr;
}

bool AddressTable::is_ours(const IpAddress& address) const noexcept {
  for (const OwnAddress& own : addresses_)
    if (own.address() == address) return own.usable();
  return false;
}

bool AddressTable::is_known(const IpAddress& address) const noexcept {
  return const_cast<AddressTable*>(this)->find(address) != nullptr;
}

// A tentative address listens to its solicited-node group already (RFC 4862 5.4.2).
bool AddressTable::is_our_group(const IpAddress& group) const noexcept {
  if (!has_ipv6() || group.octets[0] != 0xff) return false;
  if (group == kAllNodes) return true;
  return std::any_of(addresses_.begin(), addresses_.end(), [&](const OwnAddress& own) {
    return !own.address().is_v4() && own.state != AddressState::duplicate &&
           solicited_node(own.address()) == group;
  });
}

bool AddressTable::is_broadcast(const IpAddress& address) const noexcept {
  if (!address.is_v4()) return false;
  const std::uint32_t v4 = address.v4();
  if (v4 == UINT32_MAX) return true;
  return std::any_of(addresses_.begin(), addresses_.end(), [&](const OwnAddress& own) {
    if (!own.address().is_v4() || own.prefix.length > 30 || !own.prefix.contains(address))
      return false;  // RFC 3021: a /31 has no broadcast address
    const std::uint32_t host = UINT32_MAX >> own.prefix.length;
    return (v4 & host) == host;
  });
}

std::optional<IpAddress> AddressTable::source_for(const IpAddress& remote,
                                                  const IpAddress& next_hop) const noexcept {
  const OwnAddress* best = nullptr;
  for (const OwnAddress& own : addresses_) {
    if (own.address().is_v4() != remote.is_v4() || !own.usable()) continue;
    if (best == nullptr) {
      best = &own;
    } else if (remote.is_v4()) {
      if (own.prefix.contains(next_hop) && !best->prefix.contains(next_hop)) best = &own;
    } else if (better_source(own, *best, remote)) {
      best = &own;
    }
  }
  if (best == nullptr) return {};
  const bool reaches = remote.is_v4() || scope_of(best->address()) >= scope_of(remote);
  if (!reaches) return {};
  return best->address();
}

IpAddress AddressTable::link_local() const noexcept {
  return link_local_ && is_ours(*link_local_) ? *link_local_ : IpAddress{};
}

IpAddress AddressTable::automatic_address(const IpAddress& network) const noexcept {
  return with_interface_identifier(network, mac_);
}

OwnAddress* AddressTable::add_automatic(const IpAddress& address) noexcept {
  const auto automatic = std::count_if(addresses_.begin(), addresses_.end(),
                                       [](const OwnAddress& own) { return own.automatic; });
  if (static_cast<std::size_t>(automatic) >= kAutomaticAddressesMax ||
      addresses_.size() >= kAddressesMax)
    return nullptr;
  addresses_.push_back({.prefix = {address, kInterfaceIdentifierBits},
                        .state = AddressState::tentative,
                        .automatic = true});
  return &addresses_.back();
}

void AddressTable::expire(Instant now) noexcept {
  for (OwnAddress& own : addresses_)
    if (own.state == AddressState::preferred && own.preferred_until <= now)
      own.state = AddressState::deprecated;
  std::erase_if(addresses_,
                [&](const OwnAddress& own) { return own.automatic && own.valid_until <= now; });
}

}  // namespace sluice::net
