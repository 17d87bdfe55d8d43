// Several addresses, networks and routers on one port; which address and which neighbour a packet
// leaves by.
#include <gtest/gtest.h>

#include <map>

#include "engine/net/wire/tcp.h"
#include "tests/support/ip_script.h"

namespace sluice::net::test {
namespace {

struct Way {
  IpAddress source;
  IpAddress next_hop;
  bool operator==(const Way&) const = default;
};

// Whom the stack asks for on the link before it can send a SYN, and from which address.
std::optional<Way> way_to(IpScript& script, std::string_view remote) {
  script.sent.clear();
  if (!script.stack->connect({ip(remote), 25}, 1)) return {};
  script.stack->flush(script.now);
  const auto frame = script.next();
  if (!frame) return {};
  if (const auto arp = frame->arp())
    return Way{IpAddress::from_v4(arp->sender_ip), IpAddress::from_v4(arp->target_ip)};
  return Way{frame->ip->source, frame->nd()->target};
}

void office(StackOptions& options) {
  options.addresses = {
      {ip("10.0.0.1"), 24}, {ip("10.1.0.1"), 24}, {ip("2001:db8::1"), 64}, {ip("fd00::1"), 64}};
  options.gateways = {ip("10.0.0.254"), ip("2001:db8::254")};
  options.routes = {{*Prefix::parse("172.16.0.0/12"), ip("10.1.0.253")},
                    {*Prefix::parse("172.16.9.0/24"), ip("10.0.0.253")},
                    {*Prefix::parse("2001:db8:7::/48"), ip("2001:db8::253")}};
}

// The routers of a connection that is open already: both are asked for by ARP, and answer while
// they are alive.
struct TwoRouters {
  IpScript script{
      [](StackOptions& options) { options.gateways = {ip("10.0.0.253"), ip("10.0.0.254")}; }};
  std::map<IpAddress, MacAddress> alive{{ip("10.0.0.253"), {2, 0, 0, 0, 0, 0xfd}},
                                        {ip("10.0.0.254"), {2, 0, 0, 0, 0, 0xfe}}};
  std::optional<MacAddress> last_to;  // where the last IP packet went

  // Answers ARP, and the SYN if there is one.
  void play() {
    while (const auto frame = script.next()) {
      if (const auto arp = frame->arp()) {
        const auto router = alive.find(IpAddress::from_v4(arp->target_ip));
        if (router == alive.end() || arp->operation != kArpRequest) continue;
        Octets reply(kArpLength);
        write_arp(reply.data(),
                  {kArpReply, router->second, arp->target_ip, kUsMac, arp->sender_ip});
        script.inject(frame_of(kEtherTypeArp, reply));
      } else if (frame->ip && frame->ip->protocol == kProtocolTcp) {
        last_to = frame->link.destination;
        answer_syn(*frame);
      }
    }
  }
  void answer_syn(const SentFrame& frame) {
    const auto syn = parse_tcp(frame.upper);
    if (!syn || syn->flags != kSyn) return;
    Octets tcp(kTcpHeaderLength);
    write_tcp(tcp.data(), {.source_port = syn->destination_port,
                           .destination_port = syn->source_port,
                           .sequence = 900,
                           .acknowledgment = syn->sequence + 1,
                           .flags = kSyn | kAck,
                           .window = 65'535});
    const Head head{ip("198.51.100.1"), kUs4, kProtocolTcp};
    script.inject(ip_frame(head, with_checksum(head, tcp)));
  }
  void pass(unsigned tenths) {
    for (unsigned i = 0; i < tenths; ++i) {
      script.pass(milliseconds(100));
      play();
    }
  }
};

}  // namespace

TEST(Routes, TheLongestPrefixDecides) {
  IpScript script(office);
  EXPECT_EQ(way_to(script, "10.0.0.77"), (Way{ip("10.0.0.1"), ip("10.0.0.77")}));
  EXPECT_EQ(way_to(script, "10.1.0.77"), (Way{ip("10.1.0.1"), ip("10.1.0.77")}));
  EXPECT_EQ(way_to(script, "172.17.1.1"), (Way{ip("10.1.0.1"), ip("10.1.0.253")}));
  EXPECT_EQ(way_to(script, "172.16.9.1"), (Way{ip("10.0.0.1"), ip("10.0.0.253")}));
  EXPECT_EQ(way_to(script, "198.51.100.1"), (Way{ip("10.0.0.1"), ip("10.0.0.254")}));
  EXPECT_EQ(way_to(script, "2001:db8:7::1"), (Way{ip("2001:db8::1"), ip("2001:db8::253")}));
  EXPECT_EQ(way_to(script, "2a00::1"), (Way{ip("2001:db8::1"), ip("2001:db8::254")}));
}

TEST(Routes, TheSourceHasTheScopeAndTheKindOfTheDestination) {
  IpScript script(office);
  EXPECT_EQ(way_to(script, "fd00::5")->source, ip("fd00::1"));
  EXPECT_EQ(way_to(script, "2001:db8::5")->source, ip("2001:db8::1"));
  EXPECT_EQ(way_to(script, "fe80::5")->source, kUsLink);
}

TEST(Routes, WithoutARouterOtherNetworksAreUnreachable) {
  IpScript script;
  EXPECT_FALSE(way_to(script, "198.51.100.1"));
  EXPECT_FALSE(way_to(script, "2a00::1"));
}

TEST(Routes, WhatIsNoSingleHostIsUnreachable) {
  IpScript script(office);
  for (const char* remote : {"10.0.0.255", "255.255.255.255", "224.0.0.1", "ff02::1", "0.0.0.0",
                             "::", "10.0.0.1", "2001:db8::1"})
    EXPECT_FALSE(way_to(script, remote)) << remote;
}

TEST(Routes, ARouterThatDoesNotAnswerGivesWayToTheNext) {
  IpScript script(
      [](StackOptions& options) { options.gateways = {ip("10.0.0.253"), ip("10.0.0.254")}; });
  EXPECT_EQ(way_to(script, "198.51.100.1")->next_hop, ip("10.0.0.253"));
  script.pass(seconds(4));
  EXPECT_EQ(way_to(script, "198.51.100.2")->next_hop, ip("10.0.0.254"));
}

TEST(Routes, AnOpenConnectionMovesToTheNextRouterWhenItsOwnStopsAnswering) {
  TwoRouters net;
  const auto connection = net.script.stack->connect({ip("198.51.100.1"), 25}, 1);
  ASSERT_TRUE(connection);
  net.script.stack->flush(net.script.now);
  net.pass(5);
  ASSERT_EQ((*connection)->state(), Connection::State::open);
  EXPECT_EQ(net.last_to, net.alive.at(ip("10.0.0.253")));
  net.alive.erase(ip("10.0.0.253"));
  const Octets text(100, 'x');
  (*connection)->write(text);
  net.script.stack->flush(net.script.now);
  net.pass(2'000);  // until it is doubted, asked, given up, and the next retransmission is due
  EXPECT_EQ((*connection)->state(), Connection::State::open);
  EXPECT_EQ(net.last_to, net.alive.at(ip("10.0.0.254")));
}

}  // namespace sluice::net::test
