#include "engine/net/dpdk/flow_hash.h"

#include <bit>

namespace sluice::net {
namespace {

constexpr std::size_t kEthernetBytes = 14;
constexpr std::size_t kVlanTagBytes = 4;
constexpr std::size_t kIpv4Bytes = 20;
constexpr std::size_t kIpv6Bytes = 40;
constexpr int kOptionHeadersMax = 8;  // extension headers of a packet that are looked through
constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;
constexpr std::uint8_t kIcmpv6 = 58;

// Toeplitz of one octet at an even (or odd) offset. With a key of period 16 the 32-bit windows are
// a 16-bit word twice, so 16 bits say all.
constexpr auto make_table(unsigned offset) {
  std::array<std::uint16_t, 256> table{};
  for (unsigned value = 0; value < 256; ++value)
    for (unsigned bit = 0; bit < 8; ++bit)
      if ((value & (0x80u >> bit)) != 0)
        table[value] = static_cast<std::uint16_t>(
            table[value] ^ std::rotl(kSymmetricKeyWord, static_cast<int>(offset + bit)));
  return table;
}

constexpr auto kEven = make_table(0);
constexpr auto kOdd = make_table(8);

template <typename Word>
Word load(const std::uint8_t* at) noexcept {
  Word word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

// The hash is linear over GF(2) and the key has a period of 16 bits: the words of the tuple may be
// folded into one before it is applied.
FlowHash hash_of(std::uint64_t folded) noexcept {
  folded ^= folded >> 32;
  folded ^= folded >> 16;
  const auto octets =
      std::bit_cast<std::array<std::uint8_t, 2>>(static_cast<std::uint16_t>(folded));
  const std::uint32_t half = kEven[octets[0]] ^ kOdd[octets[1]];
  return {Steer::by_flow, half << 16 | half};
}

bool has_ports(std::uint8_t protocol) noexcept { return protocol == kTcp || protocol == kUdp; }

FlowHash hash_ipv4(ByteView packet) noexcept {
  if (packet.size() < kIpv4Bytes) return {};
  std::uint64_t tuple = load<std::uint64_t>(&packet[12]);
  const std::size_t header = static_cast<std::size_t>(packet[0] & 0x0f) * 4;
  const bool fragment = (packet[6] & 0x3f) != 0 || packet[7] != 0;
  if (!fragment && has_ports(packet[9]) && packet.size() >= header + 4)
    tuple ^= load<std::uint32_t>(&packet[header]);
  return hash_of(tuple);
}

// RFC 8200 4.3, 4.4, 4.6: hop-by-hop options, routing, destination options.
bool is_option_header(std::uint8_t protocol) noexcept {
  return protocol == 0 || protocol == 43 || protocol == 60;
}

// A fragment (and whatever stands behind more headers than these) goes by its addresses.
FlowHash hash_ipv6(ByteView packet) noexcept {
  if (packet.size() < kIpv6Bytes + 4) return {};
  std::uint8_t protocol = packet[6];
  std::size_t header = kIpv6Bytes;
  for (int i = 0; i < kOptionHeadersMax && is_option_header(protocol); ++i) {
    const std::size_t next = header + 8 * (packet[header + 1] + 1u);
    if (packet.size() < next + 4) break;
    protocol = packet[header];
    header = next;
  }
  const std::uint8_t icmp_type = packet[header];
  if (protocol == kIcmpv6 && icmp_type >= 133 && icmp_type <= 137) return {Steer::to_all, 0};
  std::uint64_t tuple = 0;
  for (std::size_t at = 8; at < kIpv6Bytes; at += 8) tuple ^= load<std::uint64_t>(&packet[at]);
  if (has_ports(protocol)) tuple ^= load<std::uint32_t>(&packet[header]);
  return hash_of(tuple);
}

unsigned ether_type_at(ByteView frame, std::size_t at) noexcept {
  return static_cast<unsigned>(frame[at]) << 8 | frame[at + 1];
}

}  // namespace

FlowHash flow_hash(ByteView frame) noexcept {
  if (frame.size() < kEthernetBytes + kVlanTagBytes) return {};
  const bool tagged = ether_type_at(frame, 12) == 0x8100;
  const std::size_t header = kEthernetBytes + (tagged ? kVlanTagBytes : 0);
  switch (ether_type_at(frame, header - 2)) {
    case 0x0800: return hash_ipv4(frame.subspan(header));
    case 0x0806: return {Steer::to_all, 0};
    case 0x86dd: return hash_ipv6(frame.subspan(header));
    default: return {};
  }
}

}  // namespace sluice::net
