#include <gtest/gtest.h>

#include "engine/net/udp.h"
#include "tests/support/ip_script.h"

namespace sluice::net::test {
namespace {

const Endpoint kServer4{kThem4, 53};
const Endpoint kServer6{kThem6, 53};

struct Script : IpScript {
  Script() { introduce_them(); }
  DatagramTransport& udp() { return datagrams_of(*stack); }
  DatagramSocket& open(const DatagramTransport::Options& options) {
    auto socket = udp().open(options);
    EXPECT_TRUE(socket);
    return **socket;
  }
  void flush() { stack->flush(now); }
};

std::string text_of(const DatagramSocket& socket) {
  const auto datagram = socket.front();
  return datagram ? std::string(as_text(datagram->payload)) : "";
}

}  // namespace

TEST(Udp, AQuestionGoesOutAndItsAnswerComesBack) {
  for (const Endpoint& server : {kServer4, kServer6}) {
    Script script;
    DatagramSocket& socket = script.open({.peer = server, .owner = 5});
    ASSERT_TRUE(socket.send(server, as_bytes("who?")));
    script.flush();
    const auto question = script.next();
    ASSERT_TRUE(question && question->ip->protocol == kProtocolUdp);
    EXPECT_EQ(as_text(ByteView(question->upper).subspan(8)), "who?");
    EXPECT_EQ(load16(question->upper.data()), socket.local().port);
    script.inject(udp_frame(server, socket.local(), "me"));
    ASSERT_EQ(script.udp().next_ready_socket(), &socket);
    EXPECT_EQ(text_of(socket), "me");
    EXPECT_EQ(socket.front()->remote, server);
    socket.pop();
    EXPECT_FALSE(socket.front());
    script.udp().close(socket);
    EXPECT_TRUE(script.wire.port(0).all_home());
  }
}

TEST(Udp, OnlyThePeerOfASocketIsHeard) {
  Script script;
  DatagramSocket& socket = script.open({.peer = kServer6});
  script.inject(udp_frame({kThem6, 54}, socket.local(), "forged"));
  EXPECT_FALSE(socket.front());
  EXPECT_EQ(script.udp().next_ready_socket(), nullptr);
}

TEST(Udp, ASocketWithoutAPeerTakesDatagramsOfAnybodyToAnyOfOurAddresses) {
  Script script;
  DatagramSocket& socket = script.open({.local = {{}, 5'353}});
  script.inject(udp_frame({kThem4, 1}, {kUs4, 5'353}, "four"));
  script.inject(udp_frame({kThem6, 2}, {kUs6, 5'353}, "six"));
  EXPECT_EQ(text_of(socket), "four");
  EXPECT_EQ(socket.front()->local, (Endpoint{kUs4, 5'353}));
  socket.pop();
  EXPECT_EQ(text_of(socket), "six");
}

TEST(Udp, ADamagedDatagramIsDroppedAndOneWithoutChecksumTakenOverIpv4Only) {
  Script script;
  DatagramSocket& socket = script.open({.local = {{}, 5'353}});
  Octets damaged = udp_of({kThem6, 1}, {kUs6, 5'353}, "x");
  damaged.back() ^= 1;
  script.inject(ip_frame({kThem6, kUs6, kProtocolUdp}, damaged));
  for (const auto& [us, them] : {std::pair(kUs6, kThem6), std::pair(kUs4, kThem4)}) {
    Octets bare = udp_of({them, 1}, {us, 5'353}, "no checksum");
    store16(&bare[6], 0);
    script.inject(ip_frame({them, us, kProtocolUdp}, bare));
  }
  EXPECT_EQ(socket.front()->remote.address, kThem4);
  socket.pop();
  EXPECT_FALSE(socket.front());
  EXPECT_EQ(script.counters().dropped_malformed, 2u);
}

TEST(Udp, LengthsThatContradictEachOtherAreMalformed) {
  Script script;
  DatagramSocket& socket = script.open({.local = {{}, 5'353}});
  for (std::uint16_t length : {0, 7, 200}) {
    Octets udp = udp_of({kThem4, 1}, {kUs4, 5'353}, "abc");
    store16(&udp[4], length);
    script.inject(ip_frame({kThem4, kUs4, kProtocolUdp}, udp));
  }
  EXPECT_FALSE(socket.front());
  EXPECT_EQ(script.counters().dropped_malformed, 3u);
}

TEST(Udp, AQueueThatIsFullDropsTheNewest) {
  Script script;
  DatagramSocket& socket = script.open({.local = {{}, 5'353}});
  for (std::size_t i = 0; i < kUdpQueuedPerSocket + 10; ++i)
    script.inject(udp_frame({kThem4, 1}, {kUs4, 5'353}, std::to_string(i)));
  EXPECT_EQ(text_of(socket), "0");
  EXPECT_EQ(script.counters().datagrams_in, kUdpQueuedPerSocket);
  EXPECT_EQ(script.counters().dropped_no_resources, 10u);
  script.udp().close(socket);
  EXPECT_TRUE(script.wire.port(0).all_home());
}

TEST(Udp, TheTableOfSocketsIsBounded) {
  Script script;
  for (std::size_t i = 0; i < kUdpSocketsMax; ++i) script.open({.peer = kServer4});
  EXPECT_EQ(script.udp().open({.peer = kServer4}).error(), NetError::no_resources);
}

TEST(Udp, AnEndpointIsTakenOnce) {
  Script script;
  script.open({.local = {{}, 5'353}});
  EXPECT_EQ(script.udp().open({.local = {kUs4, 5'353}}).error(), NetError::in_use);
  EXPECT_EQ(script.udp().open({.local = {kThem4, 99}}).error(), NetError::unreachable);
}

TEST(Udp, APortIsChosenWhoseAnswersComeToThisCore) {
  Script script;
  script.wire.port(0).flow_filter = [](const Packet& reply) {
    return load16(reply.data + reply.l2_length + reply.l3_length + 2) % 8 == 3;
  };
  for (int i = 0; i < 10; ++i) EXPECT_EQ(script.open({.peer = kServer6}).local().port % 8, 3);
}

TEST(Udp, ADatagramThatIsTooLargeIsNotSent) {
  Script script;
  DatagramSocket& socket = script.open({.peer = kServer6});
  const std::string fits(1'500 - 40 - 8, 'x');
  EXPECT_TRUE(socket.send(kServer6, as_bytes(fits)));
  EXPECT_EQ(socket.send(kServer6, as_bytes(fits + "x")).error(), NetError::too_large);
}

TEST(Udp, ARefusalByIcmpIsToldToTheSocket) {
  Script script;
  DatagramSocket& socket = script.open({.peer = kServer4});
  ASSERT_TRUE(socket.send(kServer4, as_bytes("who?")));
  script.flush();
  Octets error(kIcmpHeaderLength);
  error[0] = kIcmpUnreachable;
  error[1] = kIcmpPortUnreachable;
  const Octets quoted = script.next()->payload;
  error.insert(error.end(), quoted.begin(), quoted.end());
  script.inject(icmp_frame({kThem4, kUs4, kProtocolIcmp}, error));
  ASSERT_EQ(script.udp().next_ready_socket(), &socket);
  EXPECT_EQ(socket.take_error(), NetError::refused);
  EXPECT_FALSE(socket.take_error());
}

}  // namespace sluice::net::test
