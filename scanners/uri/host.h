// Host names and addresses of URIs in their plain form.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "scanners/mime/bounded_text.h"

namespace sluice::scan::uri {

inline constexpr std::size_t kHostBytes = 255;
using HostText = mime::BoundedText<kHostBytes>;

// An IPv4 address as inet_aton and browsers read it: "0x7f.1", "2130706433", "0177.0.0.1".
std::optional<std::uint32_t> read_address(std::string_view host) noexcept;

// Lower-case A-labels, no dot at the end; false when the host cannot be looked up. The name may
// hold octets beyond ASCII, in UTF-8.
bool to_ascii(std::string_view host, HostText& out) noexcept;

// Whether a label mixes Latin letters with lookalikes of the Greek or Cyrillic script.
bool mixes_scripts(std::string_view host) noexcept;

// Whether the last label is a top-level domain that exists.
bool has_known_suffix(std::string_view host) noexcept;

}  // namespace sluice::scan::uri
