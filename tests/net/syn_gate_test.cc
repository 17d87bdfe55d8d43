// SYNs of refused sources at the gate: a burst at a time, and nothing but what is ours to refuse.
#include <gtest/gtest.h>

#include "engine/net/wire/tcp.h"
#include "tests/support/ip_script.h"

namespace sluice::net::test {
namespace {

class RefusesThem final : public SynFilter {
 public:
  SynVerdict answer = SynVerdict::drop;
  std::vector<std::size_t> asked;  // how many sources each time

  void verdicts(std::span<const IpAddress> sources, SynVerdict* verdicts) noexcept override {
    asked.push_back(sources.size());
    for (const IpAddress& source : sources)
      *verdicts++ = source == kThem4 || source == kThem6 ? answer : SynVerdict::admit;
  }
};

Octets segment(const IpAddress& from, const IpAddress& to, std::uint8_t flags,
               std::uint16_t source_port) {
  Octets tcp(kTcpHeaderLength);
  write_tcp(tcp.data(), {.source_port = source_port, .destination_port = 25, .flags = flags});
  return with_checksum({from, to, kProtocolTcp}, tcp);
}

Octets syn(const IpAddress& from, const IpAddress& to = kUs4, std::uint16_t source_port = 4'000) {
  return ip_frame({from, to, kProtocolTcp}, segment(from, to, kSyn, source_port));
}

struct Gate {
  RefusesThem filter;
  IpScript script;

  explicit Gate(Port* kernel = nullptr, std::uint16_t vlan = 0)
      : script(
            [this, vlan](StackOptions& options) {
              options.syn_filter = &filter;
              options.vlan = vlan;
            },
            kernel) {
    EXPECT_TRUE(script.stack->listen({IpAddress{}, 25}, 1));
    script.introduce_them();
  }
  StackCounters counters() const { return stack_counters(*script.stack); }
  void burst(const std::vector<Octets>& frames) {
    for (const Octets& frame : frames) script.wire.inject(0, frame);
    script.stack->poll(script.now);
    script.stack->flush(script.now);
  }
};

}  // namespace

TEST(SynGate, ABurstIsJudgedAtOnceAndOnlyWhatIsRefusedIsDropped) {
  Gate gate;
  std::vector<Octets> frames;
  for (std::uint16_t i = 0; i < 12; ++i)
    frames.push_back(syn(i % 3 == 0 ? kThem4 : ip("10.0.0.10"), kUs4, 4'000 + i));
  gate.burst(frames);
  EXPECT_EQ(gate.filter.asked, std::vector<std::size_t>{12});
  EXPECT_EQ(gate.counters().syns_refused, 4u);
  EXPECT_EQ(gate.counters().half_open, 8u);
}

TEST(SynGate, BothFamiliesAreJudged) {
  Gate gate;
  gate.burst({syn(kThem4), syn(kThem6, kUs6)});
  EXPECT_EQ(gate.counters().syns_refused, 2u);
  EXPECT_EQ(gate.counters().half_open, 0u);
}

TEST(SynGate, OnlySynsAreAskedAbout) {
  Gate gate;
  const Head head{kThem4, kUs4, kProtocolTcp};
  gate.burst({ip_frame(head, segment(kThem4, kUs4, kSyn | kAck, 4'000)),
              ip_frame(head, segment(kThem4, kUs4, kAck, 4'000)), ip_frame(head, Octets(19)),
              ip_frame({kThem4, kUs4, kProtocolUdp}, Octets(20))});
  EXPECT_TRUE(gate.filter.asked.empty());
}

TEST(SynGate, ResetIsAnsweredUnlessTheChecksumIsWrong) {
  Gate gate;
  gate.filter.answer = SynVerdict::reset;
  Octets broken = syn(kThem4);
  broken.back() ^= 1;
  gate.burst({broken});
  EXPECT_EQ(gate.script.pending(), 0u);
  gate.burst({syn(kThem4)});
  ASSERT_EQ(gate.script.pending(), 1u);
  EXPECT_EQ(gate.script.next()->upper[kTcpFlagsOffset], kRst | kAck);
  EXPECT_EQ(gate.counters().half_open, 0u);
}

TEST(SynGate, WhatIsAnothersIsNotRefused) {
  Gate gate;
  Octets to_another_host = syn(kThem4);
  to_another_host[5] ^= 1;  // of the MAC address
  gate.burst({to_another_host, syn(kThem4, ip("10.0.0.3"))});
  EXPECT_TRUE(gate.filter.asked.empty());
  EXPECT_EQ(gate.counters().dropped_not_ours, 2u);
}

TEST(SynGate, APortOfTheKernelIsNotRefused) {
  TestWire wire{2, {}};
  std::size_t to_kernel = 0;
  wire.port(0).on_transmit = [&](ByteView) { ++to_kernel; };
  Gate gate(&wire.port(0));
  to_kernel = 0;
  Octets tcp(kTcpHeaderLength);
  write_tcp(tcp.data(), {.source_port = 4'000, .destination_port = 22, .flags = kSyn});
  gate.burst({icmp_frame({kThem4, kUs4, kProtocolTcp}, tcp), syn(kThem4)});
  EXPECT_EQ(to_kernel, 1u);
  EXPECT_EQ(gate.counters().syns_refused, 1u);
}

TEST(SynGate, ATaggedSynIsRefusedOnItsVlanOnly) {
  Gate gate(nullptr, 7);
  const auto tagged = [](std::uint8_t vlan) {
    Octets frame = syn(kThem4);
    frame.insert(frame.begin() + 12, {0x81, 0x00, 0x00, vlan});
    return frame;
  };
  const std::uint64_t others = gate.counters().dropped_not_ours;
  gate.burst({tagged(7), tagged(8), syn(kThem4)});
  EXPECT_EQ(gate.counters().syns_refused, 1u);
  EXPECT_EQ(gate.counters().dropped_not_ours, others + 2);
}

TEST(SynGate, ASynBehindExtensionHeadersIsJudgedWhereTcpMeetsIt) {
  Gate gate;
  Octets payload{kProtocolTcp, 0, 1, 4, 0, 0, 0, 0};  // destination options: PadN
  const Octets tcp = segment(kThem6, kUs6, kSyn, 4'000);
  payload.insert(payload.end(), tcp.begin(), tcp.end());
  gate.burst({ip_frame({kThem6, kUs6, 60}, payload)});
  EXPECT_EQ(gate.filter.asked, std::vector<std::size_t>{1});
  EXPECT_EQ(gate.counters().syns_refused, 1u);
  EXPECT_EQ(gate.counters().half_open, 0u);
}

}  // namespace sluice::net::test
