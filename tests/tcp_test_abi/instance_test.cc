// The instance: configuration, clock, packets, what it holds.
#include <poll.h>

#include <algorithm>

#include "tests/tcp_test_abi/two_instances.h"

namespace sluice::net::abi {
namespace {

constexpr const char* kProfile =
    "sack=1,ts=1,wscale=8,ecn=0,iw=10,cc=cubic,quickack=1,delack_ms=40,rto_init_ms=1000,"
    "rto_min_ms=200,rack=1,tlp=1";

// One connection, `octets` both ways, both ends closed.
void converse(Two& two, std::size_t octets) {
  const int fd = two.connect();
  const int peer = two.accept();
  ASSERT_GE(peer, 0);
  const Octets sent(octets, 'x');
  Octets read(octets);
  for (const auto& [from, out, to, in] : {std::tuple{static_cast<slt_stack*>(two.client), fd,
                                                     static_cast<slt_stack*>(two.server), peer},
                                          std::tuple{static_cast<slt_stack*>(two.server), peer,
                                                     static_cast<slt_stack*>(two.client), fd}}) {
    for (std::size_t at = 0, got = 0; got < octets;) {
      const ssize_t taken = slt_send(from, out, sent.data() + at, octets - at, 0);
      if (taken > 0) at += static_cast<std::size_t>(taken);
      two.settle();
      const ssize_t here = slt_recv(to, in, read.data() + got, octets - got, 0);
      if (here > 0) got += static_cast<std::size_t>(here);
      if (taken <= 0 && here <= 0) two.pass(10 * kMs);
    }
  }
  EXPECT_EQ(slt_close(two.client, fd), 0);
  two.settle();
  EXPECT_EQ(slt_close(two.server, peer), 0);
  two.settle();
}

}  // namespace

TEST(SltConfig, TheProfileOfTheScriptsIsTaken) {
  EXPECT_TRUE(Owned("192.0.2.1", kProfile).open());
  EXPECT_TRUE(Owned("2001:db8::1",
                    "rcvbuf=100000,sndbuf=100000,syncookies=auto,timewait_ms=1000,csum=0,"
                    "idle_restart=0,keepalive_ms=5000,cc=reno")
                  .open());
}

TEST(SltConfig, WhatIsNotUnderstoodIsRefusedByName) {
  for (const auto& [options, named] :
       std::vector<std::pair<const char*, const char*>>{{"sack=1,colour=red", "colour"},
                                                        {"sack=2", "sack"},
                                                        {"iw=", "iw"},
                                                        {"cc=vegas", "cc"},
                                                        {"syncookies=yes", "syncookies"},
                                                        {"ts", "ts"}}) {
    const Owned refused("192.0.2.1", options);
    EXPECT_FALSE(refused.open()) << options;
    EXPECT_NE(refused.problem().find(named), std::string::npos) << refused.problem();
  }
  EXPECT_FALSE(Owned("192.0.2.256").open());
}

TEST(SltClock, TheDeadlineOfARetransmissionIsExact) {
  Owned stack("10.0.0.1");
  EXPECT_EQ(slt_next_deadline(stack), SLT_NEVER);
  const sockaddr_in remote = address_v4("10.0.0.2", 25);
  const int fd = slt_socket(stack, AF_INET);
  EXPECT_EQ(slt_connect(stack, fd, plain(remote), sizeof remote), -EINPROGRESS);
  EXPECT_FALSE(stack.output().empty());
  EXPECT_EQ(slt_next_deadline(stack), kStart + kSecond);
  slt_advance(stack, kStart + kSecond - 1);
  EXPECT_TRUE(stack.output().empty());
  slt_advance(stack, kStart + kSecond);
  EXPECT_FALSE(stack.output().empty());
}

TEST(SltClock, AJumpRunsEachTimerAtItsOwnTime) {
  Owned stack("10.0.0.1");
  const sockaddr_in remote = address_v4("10.0.0.2", 25);
  slt_connect(stack, slt_socket(stack, AF_INET), plain(remote), sizeof remote);
  slt_advance(stack, kStart + 10 * kSecond);
  for (const std::uint64_t second : {0, 1, 3, 7}) {
    EXPECT_FALSE(stack.output().empty());
    EXPECT_EQ(stack.left_at, kStart + second * kSecond);
  }
  EXPECT_TRUE(stack.output().empty());
}

TEST(SltClock, AnIdleConnectionWaitsForNothing) {
  Two two;
  two.connect();
  EXPECT_EQ(slt_next_deadline(two.client), SLT_NEVER);
  EXPECT_EQ(slt_next_deadline(two.server), SLT_NEVER);
  EXPECT_EQ(two.server.stats().timers_armed, 0u);
}

TEST(SltPackets, EqualSeedsAndCallsGiveEqualOctets) {
  std::vector<Octets> seen[3];
  for (const int run : {0, 1, 2}) {
    Two two(kProfile, run < 2 ? 7 : 8);
    two.keep = true;
    converse(two, 200'000);
    seen[run] = two.carried;
  }
  EXPECT_EQ(seen[0], seen[1]);
  EXPECT_NE(seen[0], seen[2]);
}

TEST(SltPackets, NoneIsLargerThanTheMtu) {
  for (const std::uint32_t mtu : {296u, 1'500u, 9'000u}) {
    Two two("", 1, mtu);
    two.keep = true;
    converse(two, 100'000);
    std::size_t largest = 0;
    for (const Octets& packet : two.carried) largest = std::max(largest, packet.size());
    EXPECT_EQ(largest, mtu);
  }
}

TEST(SltPackets, WhatIsNoIpPacketIsInvalid) {
  Owned stack("10.0.0.1");
  const Octets garbage(64, 0xff), runt = {0x45, 0, 0};
  EXPECT_EQ(slt_input(stack, garbage.data(), garbage.size()), -EINVAL);
  EXPECT_EQ(slt_input(stack, runt.data(), runt.size()), -EINVAL);
  EXPECT_EQ(slt_input(stack, nullptr, 10), -EINVAL);
}

TEST(SltPackets, OneThatDoesNotFitTheCallersBufferStays) {
  Two two;
  const sockaddr_in remote = address_v4("10.0.0.2", 25);
  slt_connect(two.client, slt_socket(two.client, AF_INET), plain(remote), sizeof remote);
  std::uint8_t small[10];
  EXPECT_EQ(slt_output(two.client, small, sizeof small, nullptr), -EMSGSIZE);
  EXPECT_FALSE(two.client.output().empty());
}

TEST(SltMemory, NothingIsLeftAfterCloseAndTimeWait) {
  Two two;
  const std::uint64_t held = two.client.stats().bytes_held;
  for (int i = 0; i < 50; ++i) converse(two, 20'000);
  EXPECT_GT(two.client.stats().time_wait, 0u);
  two.pass(61 * kSecond);
  for (const Owned* end : {&two.client, &two.server}) {
    const slt_stats stats = end->stats();
    EXPECT_EQ(stats.tcbs, 0u);
    EXPECT_EQ(stats.time_wait, 0u);
    EXPECT_EQ(stats.syn_received, 0u);
    EXPECT_EQ(stats.timers_armed, 0u);
    EXPECT_EQ(stats.packet_buffers, 0u);
  }
  EXPECT_EQ(two.client.stats().bytes_held, held);
  EXPECT_EQ(slt_next_deadline(two.client), SLT_NEVER);
}

TEST(SltMemory, AnIdleConnectionCostsLittle) {
  Two two;
  constexpr int kConnections = 2'000;
  const std::uint64_t held = two.server.stats().bytes_held;
  for (int i = 0; i < kConnections; ++i) {
    two.connect();
    ASSERT_GE(two.accept(), 0);
  }
  const slt_stats stats = two.server.stats();
  EXPECT_EQ(stats.tcbs, static_cast<unsigned>(kConnections));
  EXPECT_EQ(stats.packet_buffers, 0u);
  EXPECT_LE((stats.bytes_held - held) / kConnections, 800u);
}

}  // namespace sluice::net::abi
