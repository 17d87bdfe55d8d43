// Router advertisements: default routers, prefixes, addresses, MTU (RFC 4861 6.3, RFC 4862 5.5).
#include <gtest/gtest.h>

#include "tests/support/ip_script.h"

namespace sluice::net::test {
namespace {

struct Advert {
  std::uint16_t lifetime_s = 1'800;
  std::uint32_t mtu = 0;
  std::uint32_t valid_s = 3'600;
  std::uint32_t preferred_s = 1'800;
  std::uint8_t prefix_flags = 0xc0;  // on-link, autonomous
};
const IpAddress kAutomatic = ip("2001:db8:5::ff:fe00:0");
const IpAddress kFar = ip("2001:db8:f::1");

Octets advert_frame(const Advert& advert, const IpAddress& source = kThemLink) {
  Octets icmp(16 + 8 + 32 + 8);
  icmp[0] = kNdRouterAdvertisement;
  icmp[4] = 33;  // hop limit
  store16(&icmp[6], advert.lifetime_s);
  icmp[16] = 1;  // source link-layer address
  icmp[17] = 1;
  std::copy(kThemMac.begin(), kThemMac.end(), &icmp[18]);
  icmp[24] = 3;  // prefix information
  icmp[25] = 4;
  icmp[26] = 64;
  icmp[27] = advert.prefix_flags;
  store32(&icmp[28], advert.valid_s);
  store32(&icmp[32], advert.preferred_s);
  store_ipv6_address(&icmp[40], ip("2001:db8:5::"));
  icmp[56] = 5;  // MTU
  icmp[57] = 1;
  store32(&icmp[60], advert.mtu);
  return icmp_frame({source, kAllNodes, kProtocolIcmpv6, kNdHopLimit}, icmp,
                    multicast_mac(kAllNodes));
}

struct Advertised : IpScript {
  Advertised()
      : IpScript([](StackOptions& options) {
          options.addresses = {{kUs4, 24}};
          options.router_advertisements = true;
        }) {}

  // The first SYN to `remote`, if there is a way.
  std::optional<SentFrame> syn_to(const IpAddress& remote) {
    sent.clear();
    if (!stack->connect({remote, 25}, 1)) return {};
    stack->flush(now);
    return next();
  }
};

}  // namespace

TEST(RouterDiscovery, RoutersAreSolicitedThreeTimes) {
  Advertised script;
  script.pass(seconds(30));
  int solicitations = 0;
  while (auto frame = script.next())
    solicitations += frame->ip && frame->upper[0] == kNdRouterSolicitation;
  EXPECT_EQ(solicitations, 3);
}

TEST(RouterDiscovery, AnAdvertisementGivesAnAddressARouterAndAHopLimit) {
  Advertised script;
  EXPECT_FALSE(script.syn_to(kFar));
  script.inject(advert_frame({}));
  const auto syn = script.syn_to(kFar);
  ASSERT_TRUE(syn && syn->ip);
  EXPECT_EQ(syn->ip->source, kAutomatic);
  EXPECT_EQ(syn->ip->hop_limit, 33);
  EXPECT_EQ(syn->link.destination, kThemMac);
}

TEST(RouterDiscovery, TheMtuOfTheLinkBoundsTheSegments) {
  Advertised script;
  script.inject(advert_frame({.mtu = 1'280}));
  EXPECT_EQ(load16(&script.syn_to(kFar)->upper[22]), 1'220);
  script.inject(advert_frame({.mtu = 600}));  // below the minimum of IPv6: not taken
  EXPECT_EQ(load16(&script.syn_to(kFar)->upper[22]), 1'220);
}

TEST(RouterDiscovery, ALifetimeThatEndsOrIsZeroTakesTheRouterAway) {
  Advertised script;
  script.inject(advert_frame({.lifetime_s = 10}));
  script.pass(seconds(9));
  EXPECT_TRUE(script.syn_to(kFar));
  script.pass(seconds(2));
  EXPECT_FALSE(script.syn_to(kFar));
  script.inject(advert_frame({}));
  EXPECT_TRUE(script.syn_to(kFar));
  script.inject(advert_frame({.lifetime_s = 0}));
  EXPECT_FALSE(script.syn_to(kFar));
}

TEST(RouterDiscovery, AShortLifetimeCannotTakeAnAddressAwayAtOnce) {
  Advertised script;
  script.inject(advert_frame({.valid_s = 86'400}));
  script.inject(advert_frame({.valid_s = 1, .preferred_s = 1}));  // two hours remain
  script.pass(seconds(60));
  EXPECT_EQ(script.syn_to(kFar)->ip->source, kAutomatic);
}

TEST(RouterDiscovery, AdvertisementsNotFromALinkLocalAddressAreMalformed) {
  Advertised script;
  script.inject(advert_frame({}, kThem6));
  EXPECT_FALSE(script.syn_to(kFar));
  EXPECT_EQ(script.counters().dropped_malformed, 1u);
}

TEST(RouterDiscovery, WithoutTheSettingAdvertisementsAreIgnored) {
  IpScript script;
  script.inject(advert_frame({}));
  EXPECT_FALSE(script.stack->connect({kFar, 25}, 1));
  EXPECT_EQ(script.counters().dropped_malformed, 0u);
}

}  // namespace sluice::net::test
