// IPv4 and IPv6 addresses, endpoints and prefixes as values. IPv4 is held as ::ffff:a.b.c.d.
#pragma once

#include <array>
#include <bit>
#include <compare>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

struct IpAddress {
  std::array<std::uint8_t, 16> octets{};  // network order; IPv4 as a v4-mapped address

  auto operator<=>(const IpAddress&) const = default;
  // As two words, without a call: every packet compares addresses.
  friend bool operator==(const IpAddress& a, const IpAddress& b) noexcept {
    std::uint64_t of_a[2], of_b[2];
    std::memcpy(of_a, a.octets.data(), sizeof of_a);
    std::memcpy(of_b, b.octets.data(), sizeof of_b);
    return ((of_a[0] ^ of_b[0]) | (of_a[1] ^ of_b[1])) == 0;
  }
  bool is_v4() const noexcept {
    std::uint64_t zero;
    std::uint32_t mapped;
    std::memcpy(&zero, octets.data(), sizeof zero);
    std::memcpy(&mapped, octets.data() + sizeof zero, sizeof mapped);
    return (zero | (mapped ^ 0xffff0000)) == 0;
  }
  // As two numbers in host order: the first and the last eight octets.
  std::array<std::uint64_t, 2> words() const noexcept {
    std::array<std::uint64_t, 2> words;
    std::memcpy(words.data(), octets.data(), sizeof words);
    return {__builtin_bswap64(words[0]), __builtin_bswap64(words[1])};
  }
  bool is_unspecified() const noexcept;
  std::uint32_t v4() const noexcept {  // host order; only for is_v4()
    return static_cast<std::uint32_t>(octets[12]) << 24 |
           static_cast<std::uint32_t>(octets[13]) << 16 |
           static_cast<std::uint32_t>(octets[14]) << 8 | octets[15];
  }

  // Made at once, since it is copied at once and compared as two words: what was just stored piece
  // by piece would have to reach the cache first.
  static constexpr IpAddress from_v4(std::uint32_t host_order) noexcept {
    static_assert(std::endian::native == std::endian::little);
    const std::uint64_t low =
        std::uint64_t{0xffff0000} | std::uint64_t{__builtin_bswap32(host_order)} << 32;
    using Octets = std::array<std::uint8_t, 16>;
    if consteval {
      return {std::bit_cast<Octets>(std::array<std::uint64_t, 2>{0, low})};
    } else {
      using Vector [[gnu::vector_size(16)]] = std::uint64_t;
      return {std::bit_cast<Octets>(Vector{0, low})};
    }
  }
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
  Prefix network() const noexcept;  // without host bits
  // "192.0.2.0/24", "2001:db8::/32"; a bare address is a host prefix. Host bits are kept
  // (an interface address is written 192.0.2.10/24).
  static std::optional<Prefix> parse(std::string_view text);
  std::string text() const;
};

}  // namespace sluice
