// Packets of every kind that a stack looks into below TCP, drawn from a source of numbers, most of
// them right in all but a few octets: for the storm test and the fuzzer.
#pragma once

#include "engine/net/wire/udp.h"
#include "tests/support/ip_script.h"

namespace sluice::net::test {

// `draw(bound)` gives a number below `bound`.
template <typename Draw>
class IpStorm {
 public:
  explicit IpStorm(Draw draw) : draw_(std::move(draw)) {}

  Octets frame() {
    switch (draw_(8)) {
      case 0: return damage(arp());
      case 1: return damage(neighbor());
      case 2: return damage(advert());
      case 3: return damage(chain());
      case 4: return fragment(true);
      case 5: return fragment(false);
      case 6: return damage(udp());
      default: return noise(0x0800, 80);
    }
  }

 private:
  std::uint8_t octet() { return static_cast<std::uint8_t>(draw_(256)); }
  bool coin() { return draw_(2) == 0; }

  Octets octets(std::size_t most) {
    Octets out(draw_(most + 1));
    for (std::uint8_t& value : out) value = octet();
    return out;
  }

  // A few octets behind the link header changed, or the end cut off.
  Octets damage(Octets frame) {
    if (coin()) return frame;
    for (std::size_t i = draw_(3); i > 0; --i)
      frame[kEthernetHeaderLength + draw_(frame.size() - kEthernetHeaderLength)] = octet();
    if (draw_(4) == 0)
      frame.resize(kEthernetHeaderLength + draw_(frame.size() - kEthernetHeaderLength));
    return frame;
  }

  Octets noise(std::uint16_t type, std::size_t most) {
    return frame_of(coin() ? type : kEtherTypeIpv6, octets(most));
  }

  Octets arp() {
    Octets message(kArpLength);
    write_arp(message.data(), {coin() ? kArpRequest : kArpReply,
                               {2, 0, 0, 0, 1, octet()},
                               coin() ? kThem4.v4() : 0x0a000000u + octet(),
                               {},
                               coin() ? kUs4.v4() : 0x0a000000u + octet()});
    return frame_of(kEtherTypeArp, message, kBroadcastMac);
  }

  IpAddress somebody() {
    IpAddress address = coin() ? kThemLink : kThem6;
    address.octets[15] = octet();
    return draw_(8) == 0 ? IpAddress{} : address;
  }

  Octets neighbor() {
    NeighborMessage message;
    message.type = coin() ? kNdNeighborSolicitation : kNdNeighborAdvertisement;
    message.router = coin();
    message.solicited = coin();
    message.overrides = coin();
    message.target = coin() ? kUs6 : somebody();
    if (coin()) message.mac = MacAddress{2, 0, 0, 0, 1, octet()};
    return nd_frame(message, somebody(), coin() ? kUs6 : solicited_node(kUs6));
  }

  Octets advert() {
    Octets icmp(16 + draw_(4) * 32);
    icmp[0] = kNdRouterAdvertisement;
    for (std::size_t i = 4; i < 16; ++i) icmp[i] = octet();
    for (std::size_t at = 16; at + 32 <= icmp.size(); at += 32) {
      icmp[at] = coin() ? 3 : octet();
      icmp[at + 1] = 4;
      icmp[at + 2] = coin() ? 64 : octet();
      icmp[at + 3] = octet();
      for (std::size_t i = 4; i < 12; ++i) icmp[at + i] = octet();
      icmp[at + 16] = 0x20;
      icmp[at + 23] = octet();
    }
    IpAddress router = kThemLink;
    router.octets[15] = octet();
    return icmp_frame({router, kAllNodes, kProtocolIcmpv6, kNdHopLimit}, icmp,
                      multicast_mac(kAllNodes));
  }

  Octets chain() {
    static constexpr std::uint8_t kHeaders[] = {0,  43,           44,           60,
                                                59, kProtocolUdp, kProtocolTcp, kProtocolIcmpv6};
    Octets rest;
    const std::uint8_t first = kHeaders[draw_(8)];
    for (std::size_t headers = draw_(10); headers > 0; --headers) {
      const std::uint8_t header[8] = {kHeaders[draw_(8)],
                                      static_cast<std::uint8_t>(draw_(2)),
                                      octet(),
                                      static_cast<std::uint8_t>(draw_(6)),
                                      octet(),
                                      octet(),
                                      octet(),
                                      octet()};
      rest.insert(rest.end(), header, header + 8);
    }
    const Octets end = octets(60);
    rest.insert(rest.end(), end.begin(), end.end());
    return ip_frame({kThem6, kUs6, first}, rest);
  }

  // Of a few datagrams, so that some come together.
  Octets fragment(bool v4) {
    const auto unit = static_cast<std::uint16_t>(draw_(8) * 8);
    const bool more = draw_(3) > 0;
    Octets payload(coin() ? 64 : draw_(700), 0x61);
    if (v4) {
      Octets packet = packet_of({kThem4, kUs4, kProtocolUdp}, payload);
      store16(&packet[4], static_cast<std::uint16_t>(draw_(100)));
      store16(&packet[6], static_cast<std::uint16_t>((more ? 0x2000 : 0) | unit));
      store16(&packet[10], 0);
      fill_ipv4_checksum(packet.data());
      return frame_of(kEtherTypeIpv4, packet);
    }
    Octets rest(8);
    rest[0] = kProtocolUdp;
    store16(&rest[2], static_cast<std::uint16_t>(unit * 8 | (more ? 1 : 0)));
    rest[7] = static_cast<std::uint8_t>(draw_(100));
    rest.insert(rest.end(), payload.begin(), payload.end());
    return ip_frame({kThem6, kUs6, 44}, rest);
  }

  Octets udp() {
    const bool v4 = coin();
    return udp_frame({v4 ? kThem4 : kThem6, 53},
                     {v4 ? kUs4 : kUs6, static_cast<std::uint16_t>(5'353 + draw_(2))},
                     std::string(draw_(100), 'q'));
  }

  Draw draw_;
};

}  // namespace sluice::net::test
