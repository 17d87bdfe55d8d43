// Stacks over a port without Ethernet: bare IP packets, no neighbours.
#include <gtest/gtest.h>

#include "engine/net/wire/ipv6.h"
#include "tests/support/two_stacks.h"

namespace sluice::net::test {
namespace {

struct BarePair {
  TestWire wire{1, {}};
  Instant now = Instant{} + seconds(1);
  std::unique_ptr<Transport> a;
  std::unique_ptr<Transport> b;

  BarePair(const char* address_a, const char* address_b) {
    for (int side : {0, 1}) wire.port(side).offer({.ethernet = false});
    a = start(0, address_a);
    b = start(1, address_b);
  }

  std::unique_ptr<Transport> start(int side, const char* address) {
    StackOptions options = stack_options(0, 7);
    options.addresses = {*Prefix::parse(address)};
    options.connections_max = 4;
    return make_stack(options, wire.port(side), now);
  }

  void rounds(int count) {
    for (; count > 0; --count, now = now + milliseconds(1)) {
      wire.advance(now);
      for (Transport* stack : {a.get(), b.get()}) {
        stack->poll(now);
        stack->flush(now);
      }
    }
  }

  // What `from` writes arrives at a listener of `to`.
  std::string carry(std::string_view text, const char* to) {
    const Endpoint server{*IpAddress::parse(to), 25};
    EXPECT_TRUE(b->listen(server, 3));
    auto client = a->connect(server, 1);
    EXPECT_TRUE(client);
    rounds(3);
    (*client)->write(as_bytes(text));
    a->flush(now);
    rounds(3);
    Connection* accepted = b->next_ready();
    return accepted == nullptr ? "" : std::string(as_text(accepted->readable()));
  }
};

}  // namespace

TEST(BareIp, AConnectionOverIpv6NeedsNoNeighbour) {
  BarePair pair("2001:db8::1", "2001:db8:1::2");
  std::vector<std::uint8_t> first;
  pair.wire.port(0).on_transmit = [&](ByteView packet) {
    if (first.empty()) first.assign(packet.begin(), packet.end());
  };
  EXPECT_EQ(pair.carry("hello", "2001:db8:1::2"), "hello");
  const auto header = parse_ipv6(first);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->next_header, kProtocolTcp);
  EXPECT_EQ(header->hop_limit, kDefaultHopLimit);
  EXPECT_EQ(load16(first.data() + kIpv6HeaderLength + 22), 1'440);  // the MSS option of the SYN
}

TEST(BareIp, AConnectionOverIpv4NeedsNoNeighbour) {
  BarePair pair("192.0.2.1", "198.51.100.2");
  EXPECT_EQ(pair.carry("hello", "198.51.100.2"), "hello");
}

}  // namespace sluice::net::test
