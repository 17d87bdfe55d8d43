#include "engine/dns/resolv_conf.h"

#include <fstream>
#include <sstream>

namespace sluice::dns {
namespace {

constexpr std::size_t kServersMax = 3;
constexpr std::uint16_t kDnsPort = 53;
constexpr std::streamsize kFileBytesMax = 64 * 1024;

}  // namespace

SystemServers parse_resolv_conf(std::string_view text) {
  SystemServers found;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string key, word;
    words >> key;
    if (key == "nameserver" && words >> word && found.servers.size() < kServersMax) {
      // A zone ("fe80::1%eth0") is not taken: such a server is skipped.
      if (const auto address = IpAddress::parse(word))
        found.servers.push_back({*address, kDnsPort});
    } else if (key == "options") {
      while (words >> word) found.trust_ad = found.trust_ad || word == "trust-ad";
    }
  }
  return found;
}

SystemServers read_resolv_conf(const std::string& path) {
  std::ifstream file(path);
  std::string text(static_cast<std::size_t>(kFileBytesMax), '\0');
  file.read(text.data(), kFileBytesMax);
  text.resize(static_cast<std::size_t>(file.gcount()));
  return parse_resolv_conf(text);
}

}  // namespace sluice::dns
