// TCP over IPv4 packets made by hand: peers that have no stack, so that hundreds of thousands of
// them cost nothing.
#pragma once

#include <optional>
#include <vector>

#include "engine/base/bytes.h"

namespace sluice::bench {

inline constexpr std::uint32_t kServerIp = 0xc0000202;  // 192.0.2.2

struct Peer {
  std::uint32_t address = 0;  // host order
  std::uint16_t port = 0;
};

// Packets to the server's SMTP port, with checksums. A SYN has the options of a Linux client.
std::vector<std::uint8_t> make_syn(const Peer& peer, std::uint32_t sequence);

// The ACK that completes the handshake, if the packet is a SYN-ACK of the server.
std::optional<std::vector<std::uint8_t>> answer_syn_ack(ByteView packet);
// That, or the FIN that answers the server's FIN.
std::optional<std::vector<std::uint8_t>> answer_of_peer(ByteView packet);

}  // namespace sluice::bench
