// Any number of TCP peers that cost next to nothing: each answers a stack's segments as an honest
// idle client would, from the segment alone. They send no data and no options but the MSS.
#pragma once

#include <vector>

#include "engine/base/ip_address.h"
#include "tests/support/wire/sim_port.h"

namespace sluice::net::test {

class MirrorPeers final : public Node {
 public:
  // The stack is at `stack` behind a port without Ethernet; its frames come to take().
  MirrorPeers(SimPort& port, const Endpoint& stack, std::size_t count);

  void open(std::size_t peer);   // sends its SYN
  void close(std::size_t peer);  // sends its FIN, after the handshake
  void take(Frame frame) override;
  std::uint64_t taken() const { return taken_; }  // segments of the stack
  std::uint64_t resets() const { return resets_; }

 private:
  static Endpoint endpoint_of(std::size_t peer);
  static std::size_t peer_at(std::uint32_t address, std::uint16_t port);
  void send(std::size_t peer, std::uint8_t flags, std::uint32_t sequence, std::uint32_t ack);

  SimPort& port_;
  Endpoint stack_;
  std::vector<std::uint32_t> stack_iss_;
  std::uint64_t taken_ = 0;
  std::uint64_t resets_ = 0;
};

}  // namespace sluice::net::test
