// Octets on the wire from and to packets as scripts name them, written apart from the stack's own
// code so that an error there does not hide itself.
#pragma once

#include <array>
#include <span>

#include "tests/tcp_script/model.h"

namespace sluice::script {

struct Address {
  int family = 0;                         // AF_INET or AF_INET6
  std::array<std::uint8_t, 16> octets{};  // the first four for IPv4
};
Address parse_address(const std::string& text);  // throws std::runtime_error

struct Peers {
  Address local;  // of the stack
  Address remote;
  std::uint16_t local_port = 0;
  std::uint16_t remote_port = 0;
};

// What left the stack; numbers as on the wire.
struct Departed {
  bool is_tcp = false;
  std::uint16_t local_port = 0;
  std::uint16_t remote_port = 0;
  TcpPacket tcp;
  std::vector<std::uint8_t> data;
  std::int64_t at_us = 0;  // of the script
  std::string fault;       // a wrong checksum or length
};

using Octets = std::vector<std::uint8_t>;

Octets write_tcp(const Peers& peers, const TcpPacket& packet, std::span<const std::uint8_t> data);
// An ICMP or ICMPv6 message that quotes a TCP header of ours with this sequence number.
Octets write_icmp(const Peers& peers, const IcmpPacket& packet);
Departed read_packet(std::span<const std::uint8_t> octets);

}  // namespace sluice::script
