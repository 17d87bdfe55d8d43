// One stack at 10.0.0.1 and 2001:db8::1 whose link the test plays by hand: it puts frames in and
// looks at those that come out.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/net/stack.h"
#include "engine/net/wire/arp.h"
#include "engine/net/wire/ethernet.h"
#include "engine/net/wire/icmp.h"
#include "engine/net/wire/ipv4.h"
#include "engine/net/wire/ipv6.h"
#include "engine/net/wire/nd.h"
#include "tests/support/test_wire.h"

namespace sluice::net::test {

using Octets = std::vector<std::uint8_t>;

inline constexpr MacAddress kUsMac{2, 0, 0, 0, 0, 0};
inline constexpr MacAddress kThemMac{2, 0, 0, 0, 0, 9};
inline IpAddress ip(std::string_view text) { return *IpAddress::parse(text); }
inline const IpAddress kUs4 = ip("10.0.0.1");
inline const IpAddress kThem4 = ip("10.0.0.9");
inline const IpAddress kUs6 = ip("2001:db8::1");
inline const IpAddress kThem6 = ip("2001:db8::9");
inline const IpAddress kUsLink = ip("fe80::ff:fe00:0");  // of kUsMac
inline const IpAddress kThemLink = ip("fe80::9");

// A frame with an Ethernet header from kThemMac.
Octets frame_of(std::uint16_t type, ByteView payload, const MacAddress& to = kUsMac);

// IP packets of the family of `source`.
struct Head {
  IpAddress source;
  IpAddress destination;
  std::uint8_t protocol = 0;
  std::uint8_t hop_limit = 64;
  std::uint8_t traffic_class = 0;
};
Octets packet_of(const Head& head, ByteView payload);
Octets ip_frame(const Head& head, ByteView payload, const MacAddress& to = kUsMac);
// Fills in the checksum of an ICMP message, UDP datagram or TCP segment, at its place.
Octets with_checksum(const Head& head, Octets payload);
Octets icmp_frame(const Head& head, Octets icmp, const MacAddress& to = kUsMac);
Octets nd_frame(const NeighborMessage& message, const IpAddress& source,
                const IpAddress& destination);
Octets udp_of(const Endpoint& source, const Endpoint& destination, std::string_view payload);
Octets udp_frame(const Endpoint& source, const Endpoint& destination, std::string_view payload);
Octets echo_request(const IpAddress& to, std::size_t size = 8);

// A frame that the stack sent, taken apart.
struct SentFrame {
  EthernetHeader link;
  Octets payload;  // behind the Ethernet header
  std::optional<IpDatagram> ip;
  Octets upper;  // behind the IP header, its checksum verified for ICMP and UDP
  std::optional<ArpMessage> arp() const {
    return link.type == kEtherTypeArp ? parse_arp(payload) : std::nullopt;
  }
  std::optional<NeighborMessage> nd() const {
    return ip && ip->protocol == kProtocolIcmpv6 ? parse_neighbor_message(upper) : std::nullopt;
  }
};

class IpScript {
 public:
  explicit IpScript(std::function<void(StackOptions&)> adjust = {}, Port* exception = nullptr);

  // Comes in, is polled and flushed.
  void inject(Octets frame);
  void pass(Duration span);  // in steps of 10 ms
  std::optional<SentFrame> next();
  std::size_t pending() const { return sent.size(); }
  // The neighbour is known from now on; what it is asked is not looked at.
  void introduce_them();
  StackCounters counters() const { return stack_counters(*stack); }

  TestWire wire{1, {}};
  Instant now = Instant{} + seconds(1);
  std::unique_ptr<Transport> stack;
  std::deque<Octets> sent;     // but for reports of multicast groups
  std::deque<Octets> reports;  // these
};

}  // namespace sluice::net::test
