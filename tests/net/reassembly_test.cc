#include <gtest/gtest.h>

#include "engine/net/arena_pool.h"
#include "engine/net/reassembly.h"

namespace sluice::net::test {
namespace {

// Fragments of a datagram whose octets are 0, 1, 2, …
class Fragments {
 public:
  ArenaPool pool{256};
  Reassembly reassembly{pool};
  Instant now = Instant{} + seconds(1);

  PacketPtr add(std::uint16_t id, std::uint16_t from, std::uint16_t to, bool more,
                std::uint8_t shift = 0) {
    PacketPtr packet(pool.allocate());
    packet->length = kIpv4HeaderLength + to - from;
    for (std::uint16_t i = from; i < to; ++i)
      packet->data[kIpv4HeaderLength + i - from] = static_cast<std::uint8_t>(i + shift);
    const Ipv4Header header{.total_length = static_cast<std::uint16_t>(packet->length),
                            .identification = id,
                            .more_fragments = more,
                            .fragment_offset = from,
                            .protocol = 6,
                            .source = 1,
                            .destination = 2};
    return reassembly.add(std::move(packet), header, now);
  }

  std::size_t expire() {
    std::size_t heads = 0;
    for (PacketPtr head; reassembly.expire_one(now, head); head.reset()) heads += head ? 1 : 0;
    return heads;
  }
};

bool counts_up(const Packet& packet) {
  const ByteView payload = packet.bytes().subspan(kIpv4HeaderLength);
  for (std::size_t i = 0; i < payload.size(); ++i)
    if (payload[i] != static_cast<std::uint8_t>(i)) return false;
  return true;
}

}  // namespace

TEST(Reassembly, FragmentsInAnyOrderMakeTheDatagram) {
  const std::array<std::array<int, 3>, 6> orders = {
      {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}}};
  for (const auto& order : orders) {
    Fragments fragments;
    PacketPtr whole;
    for (int i : order) {
      EXPECT_FALSE(whole);
      const auto from = static_cast<std::uint16_t>(i * 400);
      whole =
          fragments.add(9, from, i == 2 ? 1'001 : static_cast<std::uint16_t>(from + 400), i != 2);
    }
    ASSERT_TRUE(whole);
    EXPECT_EQ(whole->length, kIpv4HeaderLength + 1'001u);
    EXPECT_TRUE(counts_up(*whole));
    whole.reset();
    EXPECT_EQ(fragments.pool.available(), 256u);
  }
}

TEST(Reassembly, AnOverlapInPartCondemnsTheDatagram) {
  Fragments fragments;
  EXPECT_FALSE(fragments.add(9, 0, 400, true));
  EXPECT_FALSE(fragments.add(9, 392, 800, true, 1));
  EXPECT_FALSE(fragments.add(9, 400, 800, false));
  EXPECT_EQ(fragments.pool.available(), 256u);
}

TEST(Reassembly, AnExactDuplicateIsIgnored) {
  Fragments fragments;
  EXPECT_FALSE(fragments.add(9, 0, 400, true));
  EXPECT_FALSE(fragments.add(9, 0, 400, true));
  EXPECT_FALSE(fragments.add(9, 600, 700, false));
  EXPECT_FALSE(fragments.add(9, 600, 700, false));
  const PacketPtr whole = fragments.add(9, 400, 600, true);
  ASSERT_TRUE(whole);
  EXPECT_TRUE(counts_up(*whole));
}

TEST(Reassembly, ADuplicateWithOtherOctetsCondemnsTheDatagram) {
  Fragments fragments;
  EXPECT_FALSE(fragments.add(9, 0, 400, true));
  EXPECT_FALSE(fragments.add(9, 0, 400, true, 1));
  EXPECT_FALSE(fragments.add(9, 400, 500, false));
}

TEST(Reassembly, APieceInsideAnotherCondemnsTheDatagram) {
  Fragments fragments;
  EXPECT_FALSE(fragments.add(9, 0, 400, true));
  EXPECT_FALSE(fragments.add(9, 0, 200, true));
  EXPECT_FALSE(fragments.add(9, 400, 500, false));
}

TEST(Reassembly, WhatContradictsTheEndIsRefused) {
  Fragments fragments;
  EXPECT_FALSE(fragments.add(9, 400, 500, false));
  EXPECT_FALSE(fragments.add(9, 504, 600, false));  // a second, other end
  EXPECT_FALSE(fragments.add(9, 0, 400, true));
  EXPECT_FALSE(fragments.add(8, 0, 3, true));           // not a multiple of 8
  EXPECT_FALSE(fragments.add(7, 2'040, 2'060, false));  // beyond what a packet holds
}

TEST(Reassembly, UnfinishedDatagramsAreLimitedAndExpire) {
  Fragments fragments;
  for (std::uint16_t id = 0; id < 500; ++id) {
    fragments.add(id, 0, 400, true);
    fragments.now = fragments.now + milliseconds(1);
  }
  EXPECT_EQ(fragments.reassembly.in_progress(), kReassembliesMax);
  EXPECT_EQ(fragments.pool.available(), 256u - kReassembliesMax);
  EXPECT_TRUE(fragments.add(499, 400, 500, false));  // the newest are kept
  EXPECT_FALSE(fragments.add(100, 400, 500, false));
  fragments.now = fragments.now + kReassemblyTime;
  EXPECT_GT(fragments.expire(), 0u);
  EXPECT_EQ(fragments.pool.available(), 256u);
}

}  // namespace sluice::net::test
