// Neighbour discovery, duplicate address detection, router advertisements.
#include <gtest/gtest.h>

#include "tests/support/ip_script.h"

namespace sluice::net::test {
namespace {

constexpr NeighborMessage kAdvert{
    .type = kNdNeighborAdvertisement,
    .solicited = true,
    .overrides = true,
    .target = {{0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9}},
    .mac = kThemMac};

void probing(StackOptions& options) { options.detect_conflicts = true; }

std::size_t count_nd(IpScript& script, std::uint8_t type) {
  std::size_t count = 0;
  while (auto frame = script.next()) count += frame->nd() && frame->nd()->type == type;
  return count;
}

// A connection attempt, so that the stack needs its neighbour.
void want_them(IpScript& script) {
  ASSERT_TRUE(script.stack->connect({kThem6, 25}, 1));
  script.stack->flush(script.now);
}

}  // namespace

TEST(NeighborDiscovery, ASolicitationForOurAddressIsAnswered) {
  IpScript script;
  script.inject(nd_frame({.target = kUs6, .mac = kThemMac}, kThem6, solicited_node(kUs6)));
  const auto frame = script.next();
  ASSERT_TRUE(frame && frame->nd());
  EXPECT_EQ(frame->nd()->type, kNdNeighborAdvertisement);
  EXPECT_TRUE(frame->nd()->solicited && frame->nd()->overrides && !frame->nd()->router);
  EXPECT_EQ(frame->nd()->target, kUs6);
  EXPECT_EQ(frame->nd()->mac, kUsMac);
  EXPECT_EQ(frame->link.destination, kThemMac);
  EXPECT_EQ(frame->ip->hop_limit, kNdHopLimit);
}

TEST(NeighborDiscovery, ASolicitationWithoutALinkAddressIsAnsweredToItsSender) {
  IpScript script;
  script.inject(nd_frame({.target = kUs6}, kThem6, kUs6));
  const auto frame = script.next();
  ASSERT_TRUE(frame && frame->nd());
  EXPECT_EQ(frame->link.destination, kThemMac);
}

TEST(NeighborDiscovery, TheLinkLocalAddressOfThePortAnswersToo) {
  IpScript script;
  script.inject(nd_frame({.target = kUsLink, .mac = kThemMac}, kThemLink, solicited_node(kUsLink)));
  EXPECT_EQ(count_nd(script, kNdNeighborAdvertisement), 1u);
}

TEST(NeighborDiscovery, AMessageThatCameThroughARouterIsMalformed) {
  IpScript script;
  Octets icmp(64);
  icmp.resize(write_neighbor_message(icmp.data(), {.target = kUs6, .mac = kThemMac}));
  script.inject(icmp_frame({kThem6, kUs6, kProtocolIcmpv6, 254}, icmp));
  EXPECT_EQ(script.pending(), 0u);
  EXPECT_EQ(script.counters().dropped_malformed, 1u);
}

TEST(NeighborDiscovery, AFrameWaitsForTheAdvertisementAndThenGoes) {
  IpScript script;
  want_them(script);
  const auto asked = script.next();
  ASSERT_TRUE(asked && asked->nd());
  EXPECT_EQ(asked->ip->destination, solicited_node(kThem6));
  EXPECT_EQ(asked->link.destination, multicast_mac(solicited_node(kThem6)));
  EXPECT_EQ(asked->nd()->mac, kUsMac);
  EXPECT_EQ(script.pending(), 0u);
  script.inject(nd_frame(kAdvert, kThem6, kUs6));
  const auto syn = script.next();
  ASSERT_TRUE(syn);
  EXPECT_EQ(syn->ip->protocol, kProtocolTcp);
  EXPECT_EQ(syn->link.destination, kThemMac);
}

TEST(NeighborDiscovery, ThreeSolicitationsWithoutAnswerMakeItUnreachable) {
  IpScript script;
  auto connection = script.stack->connect({kThem6, 25}, 1);
  script.pass(seconds(4));
  EXPECT_EQ(count_nd(script, kNdNeighborSolicitation), 3u);
  script.pass(seconds(20));
  EXPECT_EQ((*connection)->error(), NetError::unreachable);
}

TEST(NeighborDiscovery, AnAdvertisementWithoutOverrideDoesNotMoveANeighbour) {
  IpScript script;
  want_them(script);
  script.inject(nd_frame(kAdvert, kThem6, kUs6));
  NeighborMessage forged = kAdvert;
  forged.solicited = forged.overrides = false;
  forged.mac = MacAddress{2, 0, 0, 0, 0, 0x66};
  script.inject(nd_frame(forged, kThem6, kAllNodes));
  script.sent.clear();
  script.pass(seconds(2));  // the SYN again
  const auto syn = script.next();
  ASSERT_TRUE(syn);
  EXPECT_EQ(syn->link.destination, kThemMac);
  forged.overrides = true;
  script.inject(nd_frame(forged, kThem6, kAllNodes));
  script.pass(seconds(4));
  const auto moved = script.next();
  ASSERT_TRUE(moved);
  EXPECT_EQ(moved->link.destination, *forged.mac);
}

TEST(NeighborDiscovery, AnAdvertisementNobodyAskedForAddsNoNeighbour) {
  IpScript script;
  script.inject(nd_frame(kAdvert, kThem6, kUs6));
  want_them(script);
  EXPECT_EQ(count_nd(script, kNdNeighborSolicitation), 1u);
}

TEST(NeighborDiscovery, AStaleNeighbourIsUsedAndThenProbed) {
  IpScript script;
  script.introduce_them();
  want_them(script);
  EXPECT_EQ(script.next()->ip->protocol, kProtocolTcp);
  script.pass(seconds(4));
  EXPECT_EQ(count_nd(script, kNdNeighborSolicitation), 0u);  // DELAY
  script.pass(seconds(2));
  std::optional<SentFrame> probe;
  while (auto frame = script.next())
    if (frame->nd()) probe = frame;
  ASSERT_TRUE(probe);
  EXPECT_EQ(probe->link.destination, kThemMac);
  EXPECT_EQ(probe->ip->destination, kThem6);
}

TEST(DuplicateAddress, IsDetectedBeforeAnAddressIsUsed) {
  IpScript script(probing);
  script.inject(nd_frame({.target = kUs6, .mac = kThemMac}, kThem6, solicited_node(kUs6)));
  EXPECT_EQ(script.pending(), 0u);  // tentative
  script.pass(seconds(8));
  bool probed = false;
  while (auto frame = script.next()) {
    if (!frame->nd() || frame->nd()->type != kNdNeighborSolicitation) continue;
    EXPECT_TRUE(frame->ip->source.is_unspecified());
    EXPECT_FALSE(frame->nd()->mac);
    probed |= frame->nd()->target == kUs6;
  }
  EXPECT_TRUE(probed);
  script.inject(nd_frame({.target = kUs6, .mac = kThemMac}, kThem6, solicited_node(kUs6)));
  EXPECT_EQ(count_nd(script, kNdNeighborAdvertisement), 1u);
}

TEST(DuplicateAddress, AnswersOfAnotherHostTakeTheAddressAway) {
  IpScript script(probing);
  script.pass(milliseconds(1'100));
  NeighborMessage defence{
      .type = kNdNeighborAdvertisement, .overrides = true, .target = kUs6, .mac = kThemMac};
  script.inject(nd_frame(defence, kUs6, kAllNodes));
  script.pass(seconds(8));
  script.sent.clear();
  script.inject(nd_frame({.target = kUs6, .mac = kThemMac}, kThem6, solicited_node(kUs6)));
  EXPECT_EQ(script.pending(), 0u);
  EXPECT_EQ(script.counters().address_conflicts, 1u);
  EXPECT_FALSE(script.stack->connect({kThem6, 25}, 1).has_value() &&
               script.next()->ip->source == kUs6);
}

TEST(DuplicateAddress, TwoHostsThatProbeAtOnceBothGiveUp) {
  IpScript script(probing);
  script.inject(nd_frame({.target = kUs6}, IpAddress{}, solicited_node(kUs6)));
  script.pass(seconds(8));
  EXPECT_EQ(script.counters().address_conflicts, 1u);
}

}  // namespace sluice::net::test
