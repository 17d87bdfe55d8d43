#include "engine/net/dpdk/flow_hash.h"

#include <gtest/gtest.h>
#include <rte_thash.h>

#include "engine/base/random.h"
#include "tests/net_dev/frames.h"

namespace sluice::net {
namespace {

// The reference: DPDK's Toeplitz hash, which takes the tuple as words in host order.
std::uint32_t reference(const Frame& frame, std::size_t at, std::size_t words) {
  std::vector<std::uint32_t> tuple;
  for (std::size_t i = 0; i < words; ++i, at += 4)
    tuple.push_back(static_cast<std::uint32_t>(frame[at]) << 24 | frame[at + 1] << 16 |
                    frame[at + 2] << 8 | frame[at + 3]);
  return rte_softrss(tuple.data(), static_cast<std::uint32_t>(words), kSymmetricKey.data());
}

Flow random_flow(Random& random) {
  return {static_cast<std::uint32_t>(random.next()), static_cast<std::uint32_t>(random.next()),
          static_cast<std::uint16_t>(random.next()), static_cast<std::uint16_t>(random.next())};
}

TEST(FlowHash, IsTheToeplitzHashOfTheTcpTuple) {
  Random random(1);
  for (int i = 0; i < 1'000; ++i) {
    const Frame frame = ipv4_frame(random_flow(random));
    const FlowHash flow = flow_hash(frame);
    EXPECT_EQ(flow.steer, Steer::by_flow);
    EXPECT_EQ(flow.hash, reference(frame, 26, 3));
    const Frame v6 = ipv6_frame(static_cast<std::uint32_t>(random.next()));
    EXPECT_EQ(flow_hash(v6).hash, reference(v6, 22, 9));
  }
}

TEST(FlowHash, IsTheSameInBothDirections) {
  Random random(2);
  for (int i = 0; i < 1'000; ++i) {
    const Flow flow = random_flow(random);
    EXPECT_EQ(flow_hash(ipv4_frame(flow)).hash, flow_hash(ipv4_frame(flow.reversed())).hash);
  }
}

TEST(FlowHash, IsTheSameBehindAVlanTag) {
  const Frame plain = ipv4_frame(Flow{});
  Frame tagged(plain.begin(), plain.begin() + 12);
  tagged.insert(tagged.end(), {0x81, 0x00, 0x60, 0x07});
  tagged.insert(tagged.end(), plain.begin() + 12, plain.end());
  EXPECT_EQ(flow_hash(tagged).steer, Steer::by_flow);
  EXPECT_EQ(flow_hash(tagged).hash, flow_hash(plain).hash);
}

TEST(FlowHash, OfFragmentsAndOtherProtocolsIsThatOfTheAddresses) {
  const Flow flow;
  const std::uint32_t addresses = reference(ipv4_frame(flow), 26, 2);
  EXPECT_NE(flow_hash(ipv4_frame(flow)).hash, addresses);
  EXPECT_EQ(flow_hash(ipv4_frame(flow, 26, 1)).hash, addresses);
  Frame first = ipv4_frame(flow);
  first[20] = 0x20;  // more fragments
  EXPECT_EQ(flow_hash(first).hash, addresses);
  Frame last = ipv4_frame(flow);
  last[21] = 0x10;  // offset
  EXPECT_EQ(flow_hash(last).hash, addresses);
  Frame whole = ipv4_frame(flow);
  whole[20] = 0x40;  // "don't fragment" alone is no fragment
  EXPECT_EQ(flow_hash(whole).hash, reference(whole, 26, 3));
  const Frame ping = ipv6_frame(9, 58);
  EXPECT_EQ(flow_hash(ping).hash, reference(ping, 22, 8));
}

// `frame` with extension headers of 8 octets between the IPv6 header and the rest.
Frame with_options(Frame frame, std::size_t count) {
  const std::uint8_t protocol = frame[20];
  for (std::size_t i = 0; i < count; ++i) {
    const Frame header{i == 0 ? protocol : std::uint8_t{60}, 0, 1, 4, 0, 0, 0, 0};
    frame.insert(frame.begin() + 54, header.begin(), header.end());
  }
  if (count > 0) frame[20] = 60;
  return frame;
}

TEST(FlowHash, LooksBehindExtensionHeadersButNotBehindAnyNumber) {
  const Frame plain = ipv6_frame(7);
  const std::uint32_t of_addresses = flow_hash(ipv6_frame(7, 44)).hash;
  ASSERT_NE(flow_hash(plain).hash, of_addresses);
  EXPECT_EQ(flow_hash(with_options(plain, 1)).hash, flow_hash(plain).hash);
  EXPECT_EQ(flow_hash(with_options(plain, 8)).hash, flow_hash(plain).hash);
  EXPECT_EQ(flow_hash(with_options(plain, 9)).hash, of_addresses);
}

TEST(FlowHash, AnExtensionHeaderThatReachesBeyondTheFrameIsNotFollowed) {
  Frame frame = with_options(ipv6_frame(7), 1);
  frame[55] = 255;
  EXPECT_EQ(flow_hash(frame).hash, flow_hash(ipv6_frame(7, 44)).hash);
}

TEST(FlowHash, ArpAndNeighbourDiscoveryGoToEveryone) {
  EXPECT_EQ(flow_hash(arp_frame()).steer, Steer::to_all);
  for (unsigned type = 130; type < 140; ++type) {
    Frame frame = ipv6_frame(9, 58);
    frame[54] = static_cast<std::uint8_t>(type);
    EXPECT_EQ(flow_hash(frame).steer == Steer::to_all, type >= 133 && type <= 137) << type;
  }
}

TEST(FlowHash, ShortAndUnknownFramesStayAndNothingBeyondTheEndIsRead) {
  for (const Frame& whole : {ipv4_frame({}), ipv6_frame(3), ipv6_frame(3, 58)}) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const Frame cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      const FlowHash flow = flow_hash(cut);  // the sanitizer watches
      if (size < 34) {
        EXPECT_EQ(flow.steer, Steer::stay) << size;
      }
    }
  }
  Frame lldp = arp_frame();
  put16(lldp, 12, 0x88cc);
  EXPECT_EQ(flow_hash(lldp).steer, Steer::stay);
}

}  // namespace
}  // namespace sluice::net
