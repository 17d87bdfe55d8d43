#include "engine/base/ip_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace sluice {
namespace {

template <typename T>
std::optional<T> parse_number(std::string_view text, unsigned max) {
  unsigned value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value > max) return {};
  return static_cast<T>(value);
}

}  // namespace

bool IpAddress::is_unspecified() const noexcept {
  return *this == IpAddress{} || *this == from_v4(0);
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  if (text.empty()) return std::nullopt;
  char terminated[INET6_ADDRSTRLEN + 1];
  if (text.size() >= sizeof terminated) return {};
  std::memcpy(terminated, text.data(), text.size());
  terminated[text.size()] = '\0';
  in_addr v4{};
  if (inet_pton(AF_INET, terminated, &v4) == 1) return from_v4(ntohl(v4.s_addr));
  IpAddress address;
  if (inet_pton(AF_INET6, terminated, address.octets.data()) == 1) return address;
  return {};
}

std::string IpAddress::text() const {
  char buffer[INET6_ADDRSTRLEN];
  if (is_v4()) {
    inet_ntop(AF_INET, octets.data() + 12, buffer, sizeof buffer);
  } else {
    inet_ntop(AF_INET6, octets.data(), buffer, sizeof buffer);
  }
  return buffer;
}

std::optional<Endpoint> Endpoint::parse(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return {};
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return {};
  }
  auto address = IpAddress::parse(host);
  auto port = parse_number<std::uint16_t>(text.substr(colon + 1), 65535);
  if (!address || !port) return {};
  return Endpoint{*address, *port};
}

std::string Endpoint::text() const {
  std::string host = address.text();
  if (!address.is_v4()) host = "[" + host + "]";
  return host + ":" + std::to_string(port);
}

bool Prefix::contains(const IpAddress& candidate) const noexcept {
  if (address.is_v4() != candidate.is_v4()) return false;
  const unsigned bits = length + (address.is_v4() ? 96u : 0u);
  const auto own = address.words();
  const auto other = candidate.words();
  const std::uint64_t differs = bits > 64 ? own[1] ^ other[1] : own[0] ^ other[0];
  if (bits > 64 && own[0] != other[0]) return false;
  const unsigned host_bits = (bits > 64 ? 128 : 64) - bits;
  return host_bits == 64 || differs >> host_bits == 0;
}

Prefix Prefix::network() const noexcept {
  Prefix network = *this;
  const unsigned bits = length + (address.is_v4() ? 96u : 0u);
  for (unsigned i = (bits + 7) / 8; i < network.address.octets.size(); ++i)
    network.address.octets[i] = 0;
  if (bits % 8 != 0)
    network.address.octets[bits / 8] &= static_cast<std::uint8_t>(0xff << (8 - bits % 8));
  return network;
}

std::optional<Prefix> Prefix::parse(std::string_view text) {
  const auto slash = text.find('/');
  auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return {};
  const unsigned longest = address->is_v4() ? 32 : 128;
  if (slash == std::string_view::npos) return Prefix{*address, static_cast<std::uint8_t>(longest)};
  auto length = parse_number<std::uint8_t>(text.substr(slash + 1), longest);
  if (!length) return {};
  return Prefix{*address, *length};
}

std::string Prefix::text() const { return address.text() + "/" + std::to_string(length); }

}  // namespace sluice
