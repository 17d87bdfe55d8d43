#include "engine/base/special_addresses.h"

#include <algorithm>

namespace sluice {
namespace {

constexpr IpAddress v4(unsigned a, unsigned b = 0, unsigned c = 0) noexcept {
  return IpAddress::from_v4(a << 24 | b << 16 | c << 8);
}

constexpr IpAddress v6(std::uint16_t a, std::uint16_t b = 0, std::uint16_t c = 0) noexcept {
  IpAddress address;
  std::uint8_t* to = address.octets.data();
  for (const std::uint16_t group : {a, b, c}) {
    *to++ = static_cast<std::uint8_t>(group >> 8);
    *to++ = static_cast<std::uint8_t>(group);
  }
  return address;
}

constexpr Prefix kSpecial[] = {
    {v4(0), 8},              // this network
    {v4(10), 8},             // private, RFC 1918
    {v4(100, 64), 10},       // shared, RFC 6598
    {v4(127), 8},            // loopback
    {v4(169, 254), 16},      // link-local
    {v4(172, 16), 12},       // private
    {v4(192, 0, 0), 24},     // protocol assignments
    {v4(192, 0, 2), 24},     // documentation, RFC 5737
    {v4(192, 88, 99), 24},   // 6to4 relays
    {v4(192, 168), 16},      // private
    {v4(198, 18), 15},       // benchmarks, RFC 2544
    {v4(198, 51, 100), 24},  // documentation
    {v4(203, 0, 113), 24},   // documentation
    {v4(224), 3},            // multicast, reserved, broadcast
};

// Of 2000::/3, which is all that is global unicast (RFC 4291 2.4).
constexpr Prefix kSpecialInGlobal[] = {
    {v6(0x2001, 0), 23},      // protocol assignments, Teredo among them
    {v6(0x2001, 0xdb8), 32},  // documentation
    {v6(0x2002), 16},         // 6to4: any IPv4 address
    {v6(0x3fff), 20},         // documentation, RFC 9637
};

constexpr Prefix kGlobalUnicast{v6(0x2000), 3};

}  // namespace

bool is_global(const IpAddress& address) noexcept {
  const auto holds = [&](const Prefix& prefix) { return prefix.contains(address); };
  if (address.is_v4()) return std::ranges::none_of(kSpecial, holds);
  return kGlobalUnicast.contains(address) && std::ranges::none_of(kSpecialInGlobal, holds);
}

}  // namespace sluice
