#include <gtest/gtest.h>

#include "engine/net/wire/ethernet.h"
#include "engine/net/wire/icmp.h"
#include "tests/support/tcp_script.h"

namespace sluice::net::test {
namespace {

std::vector<std::uint8_t> echo_request(std::size_t size) {
  std::vector<std::uint8_t> icmp(kIcmpHeaderLength + size, 0x5a);
  icmp[0] = kIcmpEchoRequest;
  icmp[1] = 0;
  store16(icmp.data() + 2, 0);
  store16(icmp.data() + 2, internet_checksum(icmp));
  return icmp;
}

}  // namespace

TEST(IpInput, AnArpRequestForOurAddressIsAnswered) {
  TcpScript script;
  script.inject(arp_frame({kArpRequest, {2, 0, 0, 0, 0, 5}, 0x0a000005, {}, kAddressA}));
  ASSERT_EQ(script.other_frames.size(), 1u);
  const auto reply = parse_arp(ByteView(script.other_frames[0]).subspan(kEthernetHeaderLength));
  EXPECT_EQ(reply->operation, kArpReply);
  EXPECT_EQ(reply->sender_ip, kAddressA);
  EXPECT_EQ(reply->target_ip, 0x0a000005u);
}

TEST(IpInput, AnEchoRequestIsAnsweredAndTheAnswersAreLimited) {
  TcpScript script;
  const auto frame = ipv4_frame({.protocol = kProtocolIcmp}, echo_request(100));
  script.inject(frame);
  ASSERT_EQ(script.other_frames.size(), 1u);
  const ByteView reply = ByteView(script.other_frames[0]).subspan(34);
  EXPECT_EQ(reply[0], kIcmpEchoReply);
  EXPECT_EQ(checksum_sum(reply), 0xffff);
  for (int i = 0; i < 3'000; ++i) script.inject(frame);
  EXPECT_LE(script.other_frames.size(), 1'001u);
}

TEST(IpInput, PacketsOfImpossibleSourcesAreDropped) {
  for (std::uint32_t source : {0x7f000001u, 0xe0000001u, 0xffffffffu, 0x00000001u, kAddressA}) {
    TcpScript script;
    script.inject(ipv4_frame({.protocol = kProtocolIcmp, .source = source}, echo_request(10)));
    EXPECT_TRUE(script.other_frames.empty()) << source;
  }
}

TEST(IpInput, APacketForAnotherHostIsIgnored) {
  TcpScript script;
  script.inject(
      ipv4_frame({.protocol = kProtocolIcmp, .destination = 0x0a000009}, echo_request(10)));
  EXPECT_TRUE(script.other_frames.empty());
}

TEST(IpInput, ATcpSegmentInFragmentsIsTaken) {
  TcpScript script;
  Connection* connection = script.establish();
  const std::string text(600, 'f');
  const auto frame = tcp_frame({.seq = script.seq, .ack = script.ack, .payload = text});
  const ByteView tcp = ByteView(frame).subspan(34);
  script.inject(ipv4_frame({.identification = 3,
                            .dont_fragment = false,
                            .fragment_offset = 320,
                            .protocol = kProtocolTcp},
                           tcp.subspan(320)));
  script.inject(ipv4_frame({.identification = 3,
                            .dont_fragment = false,
                            .more_fragments = true,
                            .protocol = kProtocolTcp},
                           tcp.first(320)));
  EXPECT_EQ(connection->readable().size(), 600u);
}

}  // namespace sluice::net::test
