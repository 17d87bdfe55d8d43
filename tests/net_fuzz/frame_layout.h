// Where things are in an Ethernet frame that carries a whole IP packet, and making its lengths and
// checksums right again after something was changed.
#pragma once

#include <optional>

#include "tests/support/wire/timeline.h"

namespace sluice::net::test {

struct FrameLayout {
  static constexpr std::size_t kIp = 14;
  bool v6 = false;
  std::size_t l4 = 0;       // offset of the header after IP
  std::size_t payload = 0;  // offset of the octets after the TCP header, else l4
  std::uint8_t protocol = 0;

  bool is_tcp() const;
};

// Nothing for ARP, fragments and packets that are already broken.
std::optional<FrameLayout> layout_of(const Frame& frame);

// The IP packet ends where the frame ends.
void fix_lengths(Frame& frame, const FrameLayout& layout);
// Of the IPv4 header and of TCP, ICMP or ICMPv6.
void fix_checksums(Frame& frame, const FrameLayout& layout);

// The whole frame in pieces of about `size` octets of payload (a multiple of 8), in order.
std::vector<Frame> fragments_of(const Frame& frame, const FrameLayout& layout, std::size_t size,
                                std::uint32_t identification);

}  // namespace sluice::net::test
