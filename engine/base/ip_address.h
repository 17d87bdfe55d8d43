// IPv4 and IPv6 addresses, endpoints and prefixes as values. IPv4 is held as ::ffff:a.b.c.d.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

struct IpAddress {
  std::array<std::uint8_t, 16> octets{};  // network order; IPv4 as a v4-mapped address

  auto operator<=>(const IpAddress&) const = default;
  bool is_v4() const noexcept;
  bool is_unspecified() const noexcept;
  std::uint32_t v4() const noexcept;  // host order; only for is_v4()

  static IpAddress from_v4(std::uint32_t host_order) noexcept;
  static std::optional<IpAddress> parse(std::string_view text);
  std::string text() const;  // RFC 5952 for IPv6
};

struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;

  auto operator<=>(const Endpoint&) const = default;
  // "192.0.2.1:25", "[2001:db8::1]:25"
  static std::optional<Endpoint> parse(std::string_view text);
  std::string text() const;
};

struct Prefix {
  IpAddress address;
  std::uint8_t length = 0;  // 0..32 for IPv4, 0..128 for IPv6

  auto operator<=>(const Prefix&) const = default;
  bool contains(const IpAddress& candidate) const noexcept;
  // "192.0.2.0/24", "2001:db8::/32"; a bare address is a host prefix. Host bits are kept
  // (an interface address is written 192.0.2.10/24).
  static std::optional<Prefix> parse(std::string_view text);
  std::string text() const;
};

}  // namespace sluice
