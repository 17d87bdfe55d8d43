// Our addresses on one port: which may be used, which are still being probed, which somebody else
// has; and which of them a packet to a given destination comes from.
#pragma once

#include <optional>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/ip_address.h"
#include "engine/net/stack.h"

namespace sluice::net {

inline constexpr std::size_t kAddressesMax = 32;          // of a port, in all
inline constexpr std::size_t kAutomaticAddressesMax = 4;  // of these by SLAAC

enum class AddressState : std::uint8_t {
  tentative,   // being probed (RFC 4862 2, RFC 5227 1.2): not used
  preferred,   // used without restriction
  deprecated,  // used where it is, not for anything new (RFC 4862 5.5.4)
  duplicate,   // somebody else has it: not used
};

struct OwnAddress {
  Prefix prefix;  // the address, and the length of its network
  AddressState state = AddressState::preferred;
  bool automatic = false;  // made from an advertised prefix
  Instant preferred_until = Instant::never();
  Instant valid_until = Instant::never();

  const IpAddress& address() const noexcept { return prefix.address; }
  bool usable() const noexcept {
    return state == AddressState::preferred || state == AddressState::deprecated;
  }
};

class AddressTable {
 public:
  // With an IPv6 address, or when routers may give one, the port has a link-local address too.
  AddressTable(const StackOptions& options, const Port& port);

  bool is_ours(const IpAddress& address) const noexcept;       // and in use
  bool is_known(const IpAddress& address) const noexcept;      // in whatever state
  bool is_our_group(const IpAddress& group) const noexcept;    // IPv6 multicast that we listen to
  bool is_broadcast(const IpAddress& address) const noexcept;  // of one of our IPv4 networks
  OwnAddress* find(const IpAddress& address) noexcept;
  std::vector<OwnAddress>& all() noexcept { return addresses_; }
  const std::vector<OwnAddress>& all() const noexcept { return addresses_; }

  // RFC 6724 5, for a port with several addresses; for IPv4 the one on the network of the next hop.
  std::optional<IpAddress> source_for(const IpAddress& remote,
                                      const IpAddress& next_hop) const noexcept;
  // The link-local address when it may be used, else the unspecified one.
  IpAddress link_local() const noexcept;
  bool has_ipv6() const noexcept { return link_local_.has_value(); }

  // The address that this port has on an advertised /64 (RFC 4862 5.5.3 d).
  IpAddress automatic_address(const IpAddress& network) const noexcept;
  OwnAddress* add_automatic(const IpAddress& address) noexcept;  // nullptr: there are too many
  void expire(Instant now) noexcept;                             // RFC 4862 5.5.4

 private:
  void add(const Prefix& prefix);

  MacAddress mac_;
  std::optional<IpAddress> link_local_;
  std::vector<OwnAddress> addresses_;  // never grows beyond kAddressesMax
};

}  // namespace sluice::net
