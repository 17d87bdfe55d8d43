// One stack at 10.0.0.1 and a peer at 10.0.0.2 that the test plays by hand: it sends segments with
// only the fields that matter and looks at what comes back.
#pragma once

#include <deque>
#include <string_view>

#include "engine/net/stack.h"
#include "engine/net/wire/arp.h"
#include "engine/net/wire/ipv4.h"
#include "engine/net/wire/tcp.h"
#include "engine/net/wire/tcp_options.h"
#include "tests/support/two_stacks.h"

namespace sluice::net::test {

struct Sent {  // by the stack
  TcpHeader header;
  TcpOptions options;
  std::string payload;
  std::uint8_t ecn = 0;  // of the IP header
};

struct PeerSegment {
  std::uint8_t flags = kAck;
  std::uint32_t seq = 0;
  std::uint32_t ack = 0;
  std::uint16_t window = 65'535;
  std::string_view payload = {};
  TcpOptions options = {};
  std::uint16_t local_port = 25;       // of the stack
  std::uint16_t remote_port = 40'000;  // of the peer
  std::uint32_t source = kAddressB;
  std::uint8_t ecn = 0;
};

class TcpScript {
 public:
  static constexpr std::uint32_t kPeerIss = 1'000'000;

  explicit TcpScript(std::function<void(StackOptions&)> adjust = {}, std::size_t packets = 1'024);

  // A connection in ESTABLISHED, opened by the peer; nothing is pending afterwards. `seq`/`ack`
  // are the numbers the peer would use next.
  Connection* establish(TcpOptions options = {.mss = 1'000}, std::uint16_t window = 65'535);

  void peer(const PeerSegment& segment);           // arrives, is polled and flushed
  void peer_silently(const PeerSegment& segment);  // arrives and is polled, no flush
  void flush() { stack->flush(now); }
  void pass(Duration span);    // time goes by in steps of 1 ms, with poll and flush
  std::optional<Sent> next();  // the oldest segment that left and was not looked at
  std::size_t pending() const { return sent.size(); }
  void inject(std::vector<std::uint8_t> frame) {
    wire.inject(0, std::move(frame));
    stack->poll(now);
    stack->flush(now);
  }

  TestWire wire;
  Instant now = Instant{} + seconds(1);
  std::unique_ptr<Transport> stack;
  std::deque<Sent> sent;
  std::vector<std::vector<std::uint8_t>> other_frames;  // ARP, ICMP
  std::uint32_t seq = 0;
  std::uint32_t ack = 0;
  bool peer_is_gone = false;  // it does not answer ARP any more

 private:
  void capture(ByteView frame);
};

// Frames as the peer would send them.
std::vector<std::uint8_t> tcp_frame(const PeerSegment& segment);
std::vector<std::uint8_t> ipv4_frame(Ipv4Header header, ByteView payload);
std::vector<std::uint8_t> arp_frame(const ArpMessage& message);

}  // namespace sluice::net::test
