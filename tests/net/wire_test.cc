#include <gtest/gtest.h>

#include "engine/base/random.h"
#include "engine/net/wire/arp.h"
#include "engine/net/wire/icmp.h"
#include "engine/net/wire/ipv4.h"
#include "engine/net/wire/tcp.h"
#include "engine/net/wire/tcp_options.h"

namespace sluice::net {
namespace {

std::uint16_t slow_sum(ByteView octets) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < octets.size(); ++i) sum += octets[i] << (i % 2 == 0 ? 8 : 0);
  while ((sum >> 16) != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}

}  // namespace

TEST(WireChecksum, IsTheExampleOfRfc1071) {
  const std::uint8_t octets[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
  EXPECT_EQ(checksum_sum(octets), 0xddf2);
}

TEST(WireChecksum, EqualsTheSlowSumForEveryLengthAndAlignment) {
  Random random(3);
  std::vector<std::uint8_t> octets(1'600);
  for (auto& octet : octets) octet = static_cast<std::uint8_t>(random.next());
  for (std::size_t offset = 0; offset < 9; ++offset)
    for (std::size_t length = 0; length < 1'520; ++length) {
      const ByteView part = ByteView(octets).subspan(offset, length);
      ASSERT_EQ(checksum_sum(part), slow_sum(part)) << offset << " " << length;
    }
}

TEST(WireChecksum, CarriesOfAllOnesAreNotLost) {
  const std::vector<std::uint8_t> ones(1'500, 0xff);
  EXPECT_EQ(checksum_sum(ones), 0xffff);
}

TEST(WireIpv4, AHeaderSurvivesWritingAndParsing) {
  const Ipv4Header header{.total_length = 40,
                          .identification = 7,
                          .dont_fragment = false,
                          .more_fragments = true,
                          .fragment_offset = 1'480,
                          .protocol = 6,
                          .source = 0x01020304,
                          .destination = 0x05060708};
  std::uint8_t octets[40]{};
  write_ipv4(octets, header);
  fill_ipv4_checksum(octets);
  EXPECT_TRUE(ipv4_checksum_good({octets, 20}));
  const auto parsed = parse_ipv4(octets);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->fragment_offset, 1'480);
  EXPECT_TRUE(parsed->more_fragments && !parsed->dont_fragment);
  EXPECT_EQ(parsed->source, 0x01020304u);
}

TEST(WireIpv4, LengthsThatContradictEachOtherAreRefused) {
  std::uint8_t octets[40]{};
  write_ipv4(octets, {.total_length = 40});
  const auto with = [&](std::size_t at, std::uint8_t value) {
    std::vector<std::uint8_t> changed(octets, octets + sizeof octets);
    changed[at] = value;
    return parse_ipv4(changed).has_value();
  };
  EXPECT_TRUE(with(1, 0));
  EXPECT_FALSE(with(0, 0x65));  // version 6
  EXPECT_FALSE(with(0, 0x44));  // header of 16 octets
  EXPECT_FALSE(with(0, 0x4f));  // header longer than the packet
  EXPECT_FALSE(with(3, 41));    // longer than what came
  EXPECT_FALSE(with(3, 19));    // shorter than its header
  for (std::size_t size = 0; size < 20; ++size) EXPECT_FALSE(parse_ipv4({octets, size}));
}

TEST(WireTcp, OptionsSurviveWritingAndParsing) {
  TcpOptions options{.mss = 1'460,
                     .has_window_shift = true,
                     .window_shift = 9,
                     .sack_permitted = true,
                     .has_timestamps = true,
                     .timestamp_value = 1,
                     .timestamp_echo = 2};
  std::uint8_t octets[40];
  const auto length = write_tcp_options(octets, options);
  EXPECT_EQ(length % 4, 0u);
  const TcpOptions parsed = parse_tcp_options({octets, length});
  EXPECT_EQ(parsed.mss, 1'460);
  EXPECT_EQ(parsed.window_shift, 9);
  EXPECT_TRUE(parsed.sack_permitted);
  EXPECT_EQ(parsed.timestamp_echo, 2u);
}

TEST(WireTcp, ThreeSackBlocksFitBesideTimestamps) {
  TcpOptions options{.has_timestamps = true, .sack_count = 3};
  options.sack = {SackBlock{1, 2}, SackBlock{3, 4}, SackBlock{5, 6}};
  std::uint8_t octets[40];
  const auto length = write_tcp_options(octets, options);
  EXPECT_EQ(length, 40u);
  const TcpOptions parsed = parse_tcp_options({octets, length});
  ASSERT_EQ(parsed.sack_count, 3);
  EXPECT_EQ(parsed.sack[2].right, 6u);
}

TEST(WireTcp, BrokenOptionsEndTheParseAndNothingIsReadBeyondThem) {
  const std::vector<std::vector<std::uint8_t>> rows = {
      {2}, {2, 4}, {2, 4, 1}, {2, 0, 1, 1}, {2, 1, 1, 1}, {8, 11, 0, 0}, {5, 3, 0}, {255, 255}};
  for (const auto& row : rows) {
    const TcpOptions options = parse_tcp_options(row);
    EXPECT_EQ(options.mss, 0);
    EXPECT_FALSE(options.has_timestamps);
  }
  const std::uint8_t good_then_bad[] = {2, 4, 5, 0xb4, 8, 99};
  EXPECT_EQ(parse_tcp_options(good_then_bad).mss, 1'460);
}

TEST(WireTcp, ADataOffsetBeyondTheSegmentIsRefused) {
  std::uint8_t octets[24]{};
  write_tcp(octets, {.header_length = 24});
  EXPECT_TRUE(parse_tcp(octets));
  EXPECT_FALSE(parse_tcp({octets, 23}));
  octets[12] = 0x40;
  EXPECT_FALSE(parse_tcp(octets));
}

TEST(WireArp, OnlyIpv4OverEthernetIsTaken) {
  std::uint8_t octets[28];
  write_arp(octets, {.operation = kArpReply, .sender_ip = 5, .target_ip = 6});
  ASSERT_TRUE(parse_arp(octets));
  EXPECT_EQ(parse_arp(octets)->sender_ip, 5u);
  EXPECT_FALSE(parse_arp({octets, 27}));
  octets[4] = 8;
  EXPECT_FALSE(parse_arp(octets));
}

}  // namespace sluice::net
