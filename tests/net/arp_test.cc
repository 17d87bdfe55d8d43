// Conflict detection for IPv4 (RFC 5227).
#include <gtest/gtest.h>

#include "tests/support/ip_script.h"

namespace sluice::net::test {
namespace {

Octets arp_of(const ArpMessage& message) {
  Octets octets(kArpLength);
  write_arp(octets.data(), message);
  return frame_of(kEtherTypeArp, octets, kBroadcastMac);
}

void probing_v4(StackOptions& options) {
  options.addresses = {{kUs4, 24}};
  options.detect_conflicts = true;
}

std::vector<ArpMessage> take_arp(IpScript& script) {
  std::vector<ArpMessage> messages;
  while (auto frame = script.next())
    if (frame->arp()) messages.push_back(*frame->arp());
  return messages;
}

const Octets kAsksForUs = arp_of({kArpRequest, kThemMac, kThem4.v4(), {}, kUs4.v4()});
const Octets kClaimsUs = arp_of({kArpReply, kThemMac, kUs4.v4(), kThemMac, kUs4.v4()});

}  // namespace

TEST(Arp, AnAddressIsProbedThreeTimesThenAnnouncedTwice) {
  IpScript script(probing_v4);
  script.pass(seconds(12));
  const auto messages = take_arp(script);
  ASSERT_EQ(messages.size(), 5u);
  for (std::size_t i = 0; i < messages.size(); ++i) {
    EXPECT_EQ(messages[i].operation, kArpRequest);
    EXPECT_EQ(messages[i].target_ip, kUs4.v4());
    EXPECT_EQ(messages[i].sender_ip, i < 3 ? 0u : kUs4.v4());
  }
}

TEST(Arp, AnAddressThatIsProbedIsNotAnsweredForUntilItIsOurs) {
  IpScript script(probing_v4);
  script.inject(kAsksForUs);
  EXPECT_EQ(script.pending(), 0u);
  script.pass(seconds(12));
  script.sent.clear();
  script.inject(kAsksForUs);
  EXPECT_EQ(take_arp(script).size(), 1u);
}

TEST(Arp, AnAddressThatSomebodyElseHasIsNotUsed) {
  IpScript script(probing_v4);
  script.pass(seconds(1));
  script.inject(kClaimsUs);
  script.pass(seconds(12));
  script.sent.clear();
  script.inject(kAsksForUs);
  EXPECT_EQ(script.pending(), 0u);
  EXPECT_FALSE(script.stack->connect({kThem4, 25}, 1));
  EXPECT_EQ(script.counters().address_conflicts, 1u);
}

TEST(Arp, TwoHostsThatProbeForOneAddressBothGiveUp) {
  IpScript script(probing_v4);
  script.inject(arp_of({kArpRequest, kThemMac, 0, {}, kUs4.v4()}));
  EXPECT_EQ(script.counters().address_conflicts, 1u);
}

TEST(Arp, AnAddressInUseIsDefendedOnceInTenSeconds) {
  IpScript script(probing_v4);
  script.pass(seconds(12));
  script.sent.clear();
  for (int i = 0; i < 5; ++i) script.inject(kClaimsUs);
  EXPECT_EQ(take_arp(script).size(), 1u);
  script.pass(seconds(11));
  script.inject(kClaimsUs);
  EXPECT_EQ(take_arp(script).size(), 1u);
  script.inject(kAsksForUs);
  EXPECT_EQ(take_arp(script).size(), 1u);  // it is kept
}

TEST(Arp, AProbeOfAnotherHostIsAnsweredAndTeachesNothing) {
  IpScript script;
  script.inject(arp_of({kArpRequest, kThemMac, 0, {}, kUs4.v4()}));
  EXPECT_EQ(take_arp(script).size(), 1u);
}

TEST(Arp, OurOwnFramesThatComeBackAreNoConflict) {
  IpScript script;
  Octets echo = arp_of({kArpRequest, kUsMac, kUs4.v4(), {}, kUs4.v4()});
  script.inject(echo);
  EXPECT_EQ(script.counters().address_conflicts, 0u);
}

}  // namespace sluice::net::test
