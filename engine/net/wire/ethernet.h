// Ethernet II frames.
#pragma once

#include <algorithm>
#include <optional>

#include "engine/base/bytes.h"
#include "engine/net/port.h"
#include "engine/net/wire/byte_order.h"

namespace sluice::net {

inline constexpr std::uint32_t kEthernetHeaderLength = 14;
inline constexpr std::uint16_t kEtherTypeIpv4 = 0x0800;
inline constexpr std::uint16_t kEtherTypeArp = 0x0806;
inline constexpr std::uint16_t kEtherTypeIpv6 = 0x86dd;
inline constexpr MacAddress kBroadcastMac{0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

struct EthernetHeader {
  MacAddress destination{};
  MacAddress source{};
  std::uint16_t type = 0;
};

inline std::optional<EthernetHeader> parse_ethernet(ByteView frame) noexcept {
  if (frame.size() < kEthernetHeaderLength) return {};
  EthernetHeader header;
  std::copy_n(frame.data(), 6, header.destination.begin());
  std::copy_n(frame.data() + 6, 6, header.source.begin());
  header.type = load16(frame.data() + 12);
  return header;
}

inline void write_ethernet(std::uint8_t* at, const EthernetHeader& header) noexcept {
  std::copy_n(header.destination.begin(), 6, at);
  std::copy_n(header.source.begin(), 6, at + 6);
  store16(at + 12, header.type);
}

}  // namespace sluice::net
