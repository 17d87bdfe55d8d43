// Reports of the multicast groups that we listen to (RFC 3810).
#include "engine/net/mld.h"

#include <gtest/gtest.h>

#include "tests/support/ip_script.h"

namespace sluice::net::test {
namespace {

constexpr std::size_t kReportAt = kEthernetHeaderLength + kIpv6HeaderLength + 8;

Octets query(const IpAddress& source, std::uint8_t hop_limit) {
  Octets icmp(28);
  icmp[0] = kMldQuery;
  store16(&icmp[4], 1'000);  // ms
  return icmp_frame({source, kAllNodes, kProtocolIcmpv6, hop_limit}, icmp,
                    multicast_mac(kAllNodes));
}

bool names(const Octets& frame, const IpAddress& group) {
  const std::size_t records = load16(&frame[kReportAt + 6]);
  for (std::size_t i = 0; i < records; ++i)
    if (load_ipv6_address(&frame[kReportAt + 8 + 20 * i + 4]) == group) return true;
  return false;
}

}  // namespace

TEST(Mld, OurGroupsAreReportedTwiceAtTheStart) {
  IpScript script;
  script.pass(seconds(5));
  ASSERT_EQ(script.reports.size(), 2u);
  const Octets& report = script.reports.front();
  EXPECT_TRUE(names(report, solicited_node(kUs6)) && names(report, solicited_node(kUsLink)));
  EXPECT_EQ(report[kEthernetHeaderLength + 7], 1);  // hop limit
  EXPECT_EQ(report[kReportAt + 8], 4);              // a change
  const ByteView message = ByteView(report).subspan(kReportAt);
  const std::uint16_t pseudo = pseudo_header_sum(kUsLink, ip("ff02::16"), kProtocolIcmpv6,
                                                 static_cast<std::uint32_t>(message.size()));
  EXPECT_EQ(checksum_add(pseudo, checksum_sum(message)), 0xffff);
}

TEST(Mld, AQueryIsAnsweredWithinItsTime) {
  IpScript script;
  script.pass(seconds(5));
  script.reports.clear();
  script.inject(query(kThemLink, 1));
  script.pass(milliseconds(1'010));
  ASSERT_EQ(script.reports.size(), 1u);
  EXPECT_EQ(script.reports.front()[kReportAt + 8], 2);  // the state
}

TEST(Mld, QueriesFromElsewhereAreMalformed) {
  IpScript script;
  script.inject(query(kThem6, 1));
  script.inject(query(kThemLink, 2));
  EXPECT_EQ(script.counters().dropped_malformed, 2u);
}

TEST(Mld, APortWithoutIpv6ReportsNothing) {
  IpScript script([](StackOptions& options) { options.addresses = {{kUs4, 24}}; });
  script.pass(seconds(5));
  EXPECT_TRUE(script.reports.empty());
}

}  // namespace sluice::net::test
