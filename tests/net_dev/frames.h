// Ethernet frames for the tests of the ports.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/bytes.h"

namespace sluice::net {

using Frame = std::vector<std::uint8_t>;

inline void put16(Frame& frame, std::size_t at, unsigned value) {
  frame[at] = static_cast<std::uint8_t>(value >> 8);
  frame[at + 1] = static_cast<std::uint8_t>(value);
}

inline void put32(Frame& frame, std::size_t at, std::uint32_t value) {
  put16(frame, at, value >> 16);
  put16(frame, at + 2, value & 0xffff);
}

struct Flow {
  std::uint32_t source = 0x0a000001, destination = 0x0a000002;
  std::uint16_t source_port = 40'000, destination_port = 25;
  Flow reversed() const { return {destination, source, destination_port, source_port}; }
};

// IPv4 and a bare TCP header with `payload` octets after it; checksums are left zero.
inline Frame ipv4_frame(const Flow& flow, std::size_t payload = 26, std::uint8_t protocol = 6) {
  Frame frame(54 + payload, 0x5a);
  std::fill_n(frame.begin(), 54, 0);
  put16(frame, 12, 0x0800);
  frame[14] = 0x45;
  put16(frame, 16, static_cast<unsigned>(40 + payload));
  frame[22] = 64;
  frame[23] = protocol;
  put32(frame, 26, flow.source);
  put32(frame, 30, flow.destination);
  put16(frame, 34, flow.source_port);
  put16(frame, 36, flow.destination_port);
  frame[46] = 0x50;
  return frame;
}

// IPv6 with `next_header`; the addresses are filled from `seed`.
inline Frame ipv6_frame(std::uint32_t seed, std::uint8_t next_header = 6) {
  Frame frame(74, 0);
  put16(frame, 12, 0x86dd);
  frame[14] = 0x60;
  put16(frame, 18, 20);
  frame[20] = next_header;
  for (std::size_t at = 22; at < 58; at += 4) put32(frame, at, seed = seed * 1'664'525 + 1'013);
  return frame;
}

inline Frame arp_frame() {
  Frame frame(60, 1);
  put16(frame, 12, 0x0806);
  return frame;
}

}  // namespace sluice::net
