// Where a route's mail goes, one entry of `next_hop`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/ip_address.h"

namespace sluice::config {

struct NextHop {
  enum class Kind : std::uint8_t {
    address,  // "192.0.2.25:25", "[2001:db8::1]:25"
    domain,   // "example.net", "example.net:25": the mail hosts that DNS names for it
    host,     // "[smtp.example.net]:587": this host, whatever its MX
    socket,   // "unix:/run/dovecot/lmtp"
  };
  static constexpr std::uint16_t kDefaultPort = 25;

  NextHop() = default;
  NextHop(const Endpoint& address) : endpoint(address) {}  // NOLINT(google-explicit-constructor)

  Kind kind = Kind::address;
  Endpoint endpoint;  // of a domain or host: the port alone
  std::string name;   // of a domain or host; of a socket its path

  bool looked_up() const noexcept { return kind == Kind::domain || kind == Kind::host; }
  bool operator==(const NextHop&) const = default;
  static std::optional<NextHop> parse(std::string_view text);
  std::string text() const;
};

}  // namespace sluice::config
