#include "tests/net_fuzz/frame_layout.h"

#include <algorithm>

#include "engine/net/wire/ethernet.h"
#include "engine/net/wire/icmp.h"
#include "engine/net/wire/ipv4.h"
#include "engine/net/wire/ipv6.h"
#include "engine/net/wire/tcp.h"

namespace sluice::net::test {
namespace {

constexpr std::uint8_t kFragmentHeader = 44;  // RFC 8200 4.5
constexpr std::size_t kFragmentHeaderLength = 8;

// The checksum's place within the header of `protocol`; 0 = it has none that we know.
std::size_t checksum_offset(std::uint8_t protocol) {
  if (protocol == kProtocolTcp) return 16;
  return protocol == kProtocolIcmp || protocol == kProtocolIcmpv6 ? 2 : 0;
}

std::uint16_t pseudo_sum(const Frame& frame, const FrameLayout& layout) {
  if (layout.protocol == kProtocolIcmp) return 0;
  const std::uint8_t* ip = frame.data() + FrameLayout::kIp;
  const auto length = static_cast<std::uint32_t>(frame.size() - layout.l4);
  if (layout.v6)
    return pseudo_header_sum(load_ipv6_address(ip + 8), load_ipv6_address(ip + 24), layout.protocol,
                             length);
  return pseudo_header_sum(IpAddress::from_v4(load32(ip + 12)), IpAddress::from_v4(load32(ip + 16)),
                           layout.protocol, length);
}

// One piece: the IP header of the whole and the part of the payload at `offset`.
Frame fragment(const Frame& frame, const FrameLayout& layout, std::size_t offset, std::size_t size,
               std::uint32_t identification) {
  const bool more = layout.l4 + offset + size < frame.size();
  Frame piece(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(layout.l4));
  if (layout.v6) {
    std::uint8_t header[kFragmentHeaderLength] = {layout.protocol};
    store16(header + 2, static_cast<std::uint16_t>(offset | (more ? 1 : 0)));
    store32(header + 4, identification);
    piece[FrameLayout::kIp + 6] = kFragmentHeader;
    piece.insert(piece.end(), std::begin(header), std::end(header));
  } else {
    std::uint8_t* ip = piece.data() + FrameLayout::kIp;
    store16(ip + 4, static_cast<std::uint16_t>(identification));
    store16(ip + 6, static_cast<std::uint16_t>((more ? 0x2000 : 0) | offset / 8));
  }
  const auto begin = frame.begin() + static_cast<std::ptrdiff_t>(layout.l4 + offset);
  piece.insert(piece.end(), begin, begin + static_cast<std::ptrdiff_t>(size));
  fix_lengths(piece, layout);
  if (!layout.v6) {
    store16(piece.data() + FrameLayout::kIp + 10, 0);
    fill_ipv4_checksum(piece.data() + FrameLayout::kIp);
  }
  return piece;
}

}  // namespace

bool FrameLayout::is_tcp() const { return protocol == kProtocolTcp; }

std::optional<FrameLayout> layout_of(const Frame& frame) {
  const auto ethernet = parse_ethernet(frame);
  if (!ethernet) return {};
  const ByteView packet = ByteView(frame).subspan(FrameLayout::kIp);
  FrameLayout layout;
  if (ethernet->type == kEtherTypeIpv4) {
    const auto ip = parse_ipv4(packet);
    if (!ip || ip->is_fragment()) return {};
    layout.l4 = FrameLayout::kIp + ip->header_length;
    layout.protocol = ip->protocol;
  } else {
    const auto ip = parse_ipv6(packet);
    if (!ip) return {};
    layout.v6 = true;
    layout.l4 = FrameLayout::kIp + kIpv6HeaderLength;
    layout.protocol = ip->next_header;
  }
  layout.payload = layout.l4;
  if (!layout.is_tcp()) return layout;
  const auto tcp = parse_tcp(ByteView(frame).subspan(layout.l4));
  if (!tcp) return {};
  layout.payload = layout.l4 + tcp->header_length;
  return layout;
}

void fix_lengths(Frame& frame, const FrameLayout& layout) {
  std::uint8_t* ip = frame.data() + FrameLayout::kIp;
  const std::size_t length = frame.size() - FrameLayout::kIp;
  if (layout.v6) {
    store16(ip + 4, static_cast<std::uint16_t>(length - kIpv6HeaderLength));
  } else {
    store16(ip + 2, static_cast<std::uint16_t>(length));
  }
}

void fix_checksums(Frame& frame, const FrameLayout& layout) {
  if (!layout.v6) {
    store16(frame.data() + FrameLayout::kIp + 10, 0);
    fill_ipv4_checksum(frame.data() + FrameLayout::kIp);
  }
  const std::size_t at = checksum_offset(layout.protocol);
  if (at == 0 || frame.size() < layout.l4 + at + 2) return;
  store16(frame.data() + layout.l4 + at, 0);
  const std::uint16_t sum = checksum_sum(ByteView(frame).subspan(layout.l4));
  store16(frame.data() + layout.l4 + at,
          static_cast<std::uint16_t>(~checksum_add(pseudo_sum(frame, layout), sum)));
}

std::vector<Frame> fragments_of(const Frame& frame, const FrameLayout& layout, std::size_t size,
                                std::uint32_t identification) {
  std::vector<Frame> pieces;
  const std::size_t total = frame.size() - layout.l4;
  for (std::size_t offset = 0; offset < total; offset += size)
    pieces.push_back(
        fragment(frame, layout, offset, std::min(size, total - offset), identification));
  return pieces;
}

}  // namespace sluice::net::test
