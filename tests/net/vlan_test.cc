// The tag of a VLAN (IEEE 802.1Q), in and out.
#include <gtest/gtest.h>

#include "tests/support/ip_script.h"

namespace sluice::net::test {
namespace {

Octets tagged(std::uint16_t tag, const Octets& frame) {
  Octets out(frame.begin(), frame.begin() + 12);
  out.resize(16);
  store16(&out[12], kEtherTypeVlan);
  store16(&out[14], tag);
  out.insert(out.end(), frame.begin() + 12, frame.end());
  return out;
}

Octets solicitation() {
  return nd_frame({.target = kUs6, .mac = kThemMac}, kThem6, solicited_node(kUs6));
}

void vlan_7(StackOptions& options) { options.vlan = 7; }

}  // namespace

TEST(Vlan, AFrameOfOurVlanIsAnsweredWithItsTag) {
  IpScript script(vlan_7);
  script.inject(tagged(0x6007, solicitation()));  // with a priority
  ASSERT_EQ(script.pending(), 1u);
  const Octets& answer = script.sent.front();
  EXPECT_EQ(load16(&answer[12]), kEtherTypeVlan);
  EXPECT_EQ(load16(&answer[14]), 7);
  EXPECT_EQ(load16(&answer[16]), kEtherTypeIpv6);
}

TEST(Vlan, FramesOfOtherVlansAndOfNoneAreDroppedAndCounted) {
  IpScript script(vlan_7);
  script.inject(solicitation());
  script.inject(tagged(8, solicitation()));
  script.inject(tagged(0, solicitation()));
  EXPECT_EQ(script.pending(), 0u);
  EXPECT_EQ(script.counters().dropped_not_ours, 3u);
}

TEST(Vlan, APortWithoutAVlanTakesAPriorityTagAndNoOther) {
  IpScript script;
  script.inject(tagged(0xe000, solicitation()));
  EXPECT_EQ(script.pending(), 1u);
  script.inject(tagged(7, solicitation()));
  EXPECT_EQ(script.pending(), 1u);
}

}  // namespace sluice::net::test
