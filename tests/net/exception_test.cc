// What goes to the kernel, what stays ours, and what is handed to another core.
#include <gtest/gtest.h>

#include "engine/net/wire/tcp.h"
#include "tests/support/ip_script.h"

namespace sluice::net::test {
namespace {

// A stack with a second port, on whose other side the test is the kernel.
struct Kernel {
  TestWire wire{2, {}};
  std::deque<Octets> got;
  IpScript script{{}, &wire.port(0)};

  Kernel() {
    EXPECT_TRUE(script.stack->listen({IpAddress{}, 25}, 1));
    script.introduce_them();
    wire.port(0).on_transmit = [this](ByteView frame) {
      got.emplace_back(frame.begin(), frame.end());
    };
  }
  // Whether the kernel got just this frame.
  bool receives(const Octets& frame) {
    got.clear();
    script.sent.clear();
    script.inject(frame);
    return got.size() == 1 && got.front() == frame;
  }
};

Octets syn_frame(const IpAddress& from, const IpAddress& to, std::uint16_t port) {
  Octets tcp(kTcpHeaderLength);
  write_tcp(tcp.data(), {.source_port = 4'000, .destination_port = port, .flags = kSyn});
  return icmp_frame({from, to, kProtocolTcp}, tcp);
}

}  // namespace

TEST(Exception, SegmentsToPortsWithoutAListenerGoToTheKernelUnchanged) {
  Kernel kernel;
  EXPECT_TRUE(kernel.receives(syn_frame(kThem4, kUs4, 22)));
  EXPECT_TRUE(kernel.receives(syn_frame(kThem6, kUs6, 22)));
  EXPECT_EQ(kernel.script.pending(), 0u);  // no RST
}

TEST(Exception, SegmentsToAListenerOrAConnectionStayOurs) {
  Kernel kernel;
  EXPECT_FALSE(kernel.receives(syn_frame(kThem4, kUs4, 25)));
  EXPECT_TRUE(kernel.got.empty());
  auto connection = kernel.script.stack->connect({kThem6, 4'000}, 1);
  kernel.script.stack->flush(kernel.script.now);
  EXPECT_FALSE(kernel.receives(syn_frame(kThem6, kUs6, (*connection)->local().port)));
}

TEST(Exception, DatagramsWithoutASocketAndOtherProtocolsGoToTheKernel) {
  Kernel kernel;
  const Octets ntp = udp_frame({kThem4, 123}, {kUs4, 123}, "time");
  EXPECT_TRUE(kernel.receives(ntp));
  EXPECT_EQ(kernel.script.pending(), 0u);  // no ICMP error
  ASSERT_TRUE(datagrams_of(*kernel.script.stack).open({.local = {{}, 123}}));
  EXPECT_FALSE(kernel.receives(ntp));
  EXPECT_TRUE(kernel.receives(ip_frame({kThem4, kUs4, 47}, Octets(30))));
  EXPECT_TRUE(kernel.receives(frame_of(0x88cc, Octets(60), {1, 0x80, 0xc2, 0, 0, 0xe})));
  EXPECT_TRUE(kernel.receives(syn_frame(kThem4, ip("10.0.0.2"), 25)));  // another address
}

TEST(Exception, EchoRequestsStayOursAndOtherIcmpIsCopied) {
  Kernel kernel;
  const Head head{kThem4, kUs4, kProtocolIcmp};
  EXPECT_FALSE(kernel.receives(icmp_frame(head, echo_request(kUs4))));
  EXPECT_EQ(kernel.script.pending(), 1u);
  Octets reply = echo_request(kUs4);
  reply[0] = kIcmpEchoReply;
  EXPECT_TRUE(kernel.receives(icmp_frame(head, reply)));
}

TEST(Exception, NeighbourMessagesServeBothSides) {
  Kernel kernel;
  EXPECT_TRUE(
      kernel.receives(nd_frame({.target = kUs6, .mac = kThemMac}, kThem6, solicited_node(kUs6))));
  EXPECT_EQ(kernel.script.pending(), 1u);
  Octets arp(kArpLength);
  write_arp(arp.data(), {kArpRequest, kThemMac, kThem4.v4(), {}, kUs4.v4()});
  EXPECT_TRUE(kernel.receives(frame_of(kEtherTypeArp, arp, kBroadcastMac)));
  EXPECT_EQ(kernel.script.pending(), 1u);
}

TEST(Exception, FramesOfTheKernelGoOutUnchanged) {
  Kernel kernel;
  const Octets frame = frame_of(0x88cc, Octets(60, 7), {1, 0x80, 0xc2, 0, 0, 0xe});
  kernel.wire.inject(0, frame);
  kernel.script.stack->poll(kernel.script.now);
  kernel.script.stack->flush(kernel.script.now);
  ASSERT_EQ(kernel.script.pending(), 1u);
  EXPECT_EQ(kernel.script.sent.front(), frame);
  EXPECT_EQ(kernel.script.counters().from_kernel, 1u);
}

TEST(HandOver, AWholeDatagramOfAnotherCoreIsPassedOnAsOneFrame) {
  IpScript script;
  script.introduce_them();
  std::vector<Octets> passed;
  script.wire.port(0).passes_on = [&](Packet* frame) {
    passed.emplace_back(frame->data, frame->data + frame->length);
    frame->pool->free(frame);
    return true;
  };
  const Octets udp = udp_of({kThem4, 4'000}, {kUs4, 9}, std::string(24, 'u'));
  for (std::size_t half : {0, 1}) {
    Octets packet = packet_of({kThem4, kUs4, kProtocolUdp}, {udp.data() + 16 * half, 16});
    store16(&packet[6], half == 0 ? 0x2000 : 2);
    store16(&packet[10], 0);
    fill_ipv4_checksum(packet.data());
    script.inject(frame_of(kEtherTypeIpv4, packet));
  }
  ASSERT_EQ(passed.size(), 1u);
  EXPECT_EQ(script.counters().handed_over, 1u);
  script.wire.port(0).passes_on = {};
  script.inject(passed[0]);  // as the other core would take it in
  const auto error = script.next();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->upper[0], kIcmpUnreachable);
}

TEST(HandOver, ADatagramBehindExtensionHeadersIsPassedOnWithoutThem) {
  IpScript script;
  Octets passed;
  script.wire.port(0).passes_on = [&](Packet* frame) {
    passed.assign(frame->data, frame->data + frame->length);
    frame->pool->free(frame);
    return true;
  };
  Octets rest{kProtocolUdp, 0, 1, 4, 0, 0, 0, 0};  // destination options: padding
  const Octets udp = udp_of({kThem6, 4'000}, {kUs6, 9}, "u");
  rest.insert(rest.end(), udp.begin(), udp.end());
  script.inject(ip_frame({kThem6, kUs6, 60}, rest));
  EXPECT_EQ(passed, udp_frame({kThem6, 4'000}, {kUs6, 9}, "u"));
}

}  // namespace sluice::net::test
