// ICMP errors out and in, for both families.
#include <gtest/gtest.h>

#include "engine/net/icmp.h"
#include "tests/support/ip_script.h"

namespace sluice::net::test {
namespace {

Octets unwanted_udp(const IpAddress& from, const IpAddress& to) {
  return udp_frame({from, 4'000}, {to, 9}, "nobody listens");
}

struct Family {
  IpAddress us, them;
};
const Family kFamilies[] = {{kUs4, kThem4}, {kUs6, kThem6}};

}  // namespace

TEST(Icmp, AnUnwantedDatagramIsRefusedAndQuoted) {
  for (const auto& [us, them] : kFamilies) {
    IpScript script;
    script.introduce_them();
    const Octets frame = unwanted_udp(them, us);
    script.inject(frame);
    const auto error = script.next();
    ASSERT_TRUE(error && error->ip);
    EXPECT_EQ(error->ip->destination, them);
    const bool v4 = us.is_v4();
    EXPECT_EQ(error->upper[0], v4 ? kIcmpUnreachable : kIcmpv6Unreachable);
    EXPECT_EQ(error->upper[1], v4 ? kIcmpPortUnreachable : kIcmpv6PortUnreachable);
    const Octets quoted(error->upper.begin() + kIcmpHeaderLength, error->upper.end());
    EXPECT_EQ(quoted, Octets(frame.begin() + kEthernetHeaderLength, frame.end()));
  }
}

TEST(Icmp, AnErrorQuotesNoMoreThanTheSmallestPacketTakes) {
  for (const auto& [us, them] : kFamilies) {
    IpScript script;
    script.introduce_them();
    script.inject(udp_frame({them, 4'000}, {us, 9}, std::string(1'400, 'x')));
    EXPECT_EQ(script.next()->payload.size(), us.is_v4() ? 576u : 1'280u);
  }
}

TEST(Icmp, ErrorsAreLimitedInRate) {
  IpScript script;
  script.introduce_them();
  for (int i = 0; i < 1'000; ++i) script.inject(unwanted_udp(kThem6, kUs6));
  EXPECT_EQ(script.pending(), kIcmpErrorBurst);
  script.pass(seconds(1));
  for (int i = 0; i < 1'000; ++i) script.inject(unwanted_udp(kThem4, kUs4));
  EXPECT_EQ(script.pending(), 2 * kIcmpErrorBurst);
}

TEST(Icmp, EchoRepliesAreLimitedInRate) {
  IpScript script;
  script.introduce_them();
  const Octets echo = icmp_frame({kThem6, kUs6, kProtocolIcmpv6}, echo_request(kUs6));
  for (int i = 0; i < 1'000; ++i) script.inject(echo);
  EXPECT_EQ(script.pending(), kEchoReplyBurst);
}

TEST(Icmp, AnUnknownProtocolOverIpv4IsRefused) {
  IpScript script;
  script.introduce_them();
  script.inject(ip_frame({kThem4, kUs4, 253}, Octets(20)));
  const auto error = script.next();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->upper[1], kIcmpProtocolUnreachable);
}

TEST(Icmp, AnErrorAboutOurSynEndsTheAttempt) {
  for (const auto& [us, them] : kFamilies) {
    IpScript script;
    script.introduce_them();
    auto connection = script.stack->connect({them, 25}, 1);
    script.stack->flush(script.now);
    const Octets syn = script.next()->payload;
    Octets error(kIcmpHeaderLength);
    error[0] = us.is_v4() ? kIcmpUnreachable : kIcmpv6Unreachable;
    error[1] = 1;
    error.insert(error.end(), syn.begin(), syn.end());
    script.inject(icmp_frame({them, us, us.is_v4() ? kProtocolIcmp : kProtocolIcmpv6}, error));
    EXPECT_EQ((*connection)->state(), Connection::State::failed);
  }
}

TEST(Icmp, AQuoteThatIsCutShortIsNotLookedInto) {
  Octets icmp(kIcmpHeaderLength + kIpv6HeaderLength + 8);
  icmp[0] = kIcmpv6PacketTooBig;
  store32(&icmp[4], 1'300);
  write_ipv6(&icmp[8], {.next_header = kProtocolTcp, .source = kUs6, .destination = kThem6});
  store16(&icmp[48], 25);
  const auto error = parse_icmpv6_error(icmp);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind, IpError::Kind::packet_too_big);
  EXPECT_EQ(error->mtu, 1'300u);
  EXPECT_EQ(error->local_port, 25);
  for (std::size_t length = 0; length < icmp.size(); ++length)
    EXPECT_FALSE(parse_icmpv6_error(ByteView(icmp).first(length))) << length;
}

TEST(Icmp, FragmentsThatStayIncompleteAreToldOfWhenTheFirstIsThere) {
  IpScript script;
  script.introduce_them();
  Octets packet = packet_of({kThem4, kUs4, kProtocolUdp}, Octets(64));
  store16(&packet[6], 0x2000);  // more fragments
  store16(&packet[10], 0);
  fill_ipv4_checksum(packet.data());
  script.inject(frame_of(kEtherTypeIpv4, packet));
  script.pass(seconds(61));
  std::optional<SentFrame> error;
  while (auto frame = script.next())
    if (frame->ip) error = frame;
  ASSERT_TRUE(error);
  EXPECT_EQ(error->upper[0], kIcmpTimeExceeded);
  EXPECT_EQ(error->upper[1], 1);
}

}  // namespace sluice::net::test
