#include "engine/config/next_hop.h"

#include <algorithm>
#include <charconv>

namespace sluice::config {
namespace {

constexpr std::string_view kUnix = "unix:";
constexpr std::size_t kPathBytesMax = 107;  // of sockaddr_un, with its final NUL
constexpr std::size_t kNameBytesMax = 253;

bool is_host_name(std::string_view name) noexcept {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
  };
  // The last label is no number (RFC 1123 2.1): "192.0.2" is a slip of the pen.
  const std::string_view last = name.substr(name.rfind('.') + 1);
  return !name.empty() && name.size() <= kNameBytesMax && name.front() != '.' && !last.empty() &&
         std::ranges::all_of(name, fits) &&
         !std::ranges::all_of(last, [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<std::uint16_t> port_of(std::string_view text) noexcept {
  if (text.empty()) return NextHop::kDefaultPort;
  std::uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + 1, end, port);
  if (text.front() != ':' || error != std::errc() || stop != end || port == 0) return {};
  return port;
}

}  // namespace

std::optional<NextHop> NextHop::parse(std::string_view text) {
  NextHop hop;
  if (text.starts_with(kUnix)) {
    hop.kind = Kind::socket;
    hop.name = text.substr(kUnix.size());
    if (!hop.name.starts_with('/') || hop.name.size() > kPathBytesMax) return {};
    return hop;
  }
  if (const auto address = Endpoint::parse(text)) return NextHop(*address);
  const bool bare = !text.starts_with('[');
  const std::size_t end = bare ? text.find(':') : text.find(']');
  if (!bare && end == text.npos) return {};
  const auto port = port_of(end == text.npos ? "" : text.substr(bare ? end : end + 1));
  hop.name = bare ? text.substr(0, end) : text.substr(1, end - 1);
  if (!port) return {};
  hop.endpoint.port = *port;
  if (const auto address = bare ? std::nullopt : IpAddress::parse(hop.name))
    return NextHop({*address, *port});
  hop.kind = bare ? Kind::domain : Kind::host;
  if (!is_host_name(hop.name) || text == "mx") return {};  // that is no list
  return hop;
}

std::string NextHop::text() const {
  const std::string port = endpoint.port == kDefaultPort ? "" : ":" + std::to_string(endpoint.port);
  switch (kind) {
    case Kind::address: return endpoint.text();
    case Kind::domain: return name + port;
    case Kind::host: return "[" + name + "]" + port;
    case Kind::socket: return std::string(kUnix) + name;
  }
  return {};
}

}  // namespace sluice::config
