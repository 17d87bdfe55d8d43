#include "engine/dns/name.h"

#include <idn2.h>

#include <algorithm>
#include <memory>

#include "engine/base/bytes.h"

namespace sluice::dns {
namespace {

struct IdnFree {  // deletes what libidn2 allocates
  void operator()(char* memory) const noexcept { idn2_free(memory); }
};

// RFC 5891 5 for each label; a name that is longer than any could be is not looked at.
std::optional<std::string> a_labels(std::string_view text) {
  constexpr std::size_t kUtf8BytesMax = 4 * kNameBytesMax;
  if (text.size() > kUtf8BytesMax || text.find('\0') != std::string_view::npos) return {};
  char* converted = nullptr;
  const int outcome = idn2_to_ascii_8z(std::string(text).c_str(), &converted,
                                       IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  const std::unique_ptr<char, IdnFree> owner(converted);
  if (outcome != IDN2_OK || converted == nullptr) return {};
  return std::string(converted);
}

}  // namespace

bool is_ascii(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::optional<std::string> normal_name(std::string_view text) {
  if (!is_ascii(text)) {
    const auto ascii = a_labels(text);
    return ascii && is_ascii(*ascii) ? normal_name(*ascii) : std::nullopt;
  }
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
