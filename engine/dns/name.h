// Domain names as text: lower case, without the dot at the end, "" for the root.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/ip_address.h"

namespace sluice::dns {

inline constexpr std::size_t kNameBytesMax = 253;  // as text, RFC 1035 2.3.4
inline constexpr std::size_t kLabelBytesMax = 63;

// Labels beyond ASCII become A-labels (RFC 5891 5). Nothing when it is not a name that can be asked
// for: an empty or too long label, too long in all, a U-label that IDNA does not allow, an octet
// that is not printable or would need an escape.
std::optional<std::string> normal_name(std::string_view text);

bool is_ascii(std::string_view text) noexcept;

// "1.2.0.192.in-addr.arpa" (RFC 1035 3.5), nibbles below ip6.arpa (RFC 3596 2.5).
std::string reverse_name(const IpAddress& address);

}  // namespace sluice::dns
