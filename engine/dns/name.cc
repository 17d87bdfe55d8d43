#include "engine/dns/name.h"

#include "engine/base/bytes.h"

namespace sluice::dns {

std::optional<std::string> normal_name(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.size() > kNameBytesMax) return {};
  std::string name;
  name.reserve(text.size());
  std::size_t label = 0;  // octets of the current one
  for (const char c : text) {
    if (c == '.' && label == 0) return {};
    if (c <= ' ' || c >= '\x7f' || c == '\\') return {};
    label = c == '.' ? 0 : label + 1;
    if (label > kLabelBytesMax) return {};
    name += ascii_lower(c);
  }
  if (!name.empty() && label == 0) return {};
  return name;
}

std::string reverse_name(const IpAddress& address) {
  std::string name;
  if (address.is_v4()) {
    for (std::size_t i = 16; i > 12; --i) name += std::to_string(address.octets[i - 1]) + '.';
    return name + "in-addr.arpa";
  }
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (std::size_t i = 16; i > 0; --i)
    for (const int nibble : {address.octets[i - 1] & 15, address.octets[i - 1] >> 4}) {
      name += kDigits[static_cast<std::size_t>(nibble)];
      name += '.';
    }
  return name + "ip6.arpa";
}

}  // namespace sluice::dns
