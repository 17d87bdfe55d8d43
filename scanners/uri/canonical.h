// One URI in the form that rules and lists want: scheme and host in lower case, the host as
// A-labels (IDNA, UTS 46) or plain IPv4 address, whatever disguise it came in. As browsers read it
// (WHATWG URL): backslashes are slashes, line ends are nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "scanners/mime/bounded_text.h"
#include "scanners/mime/message_sink.h"

namespace sluice::scan::uri {

inline constexpr std::size_t kUriBytes = 2'048;

struct Canonical {
  mime::BoundedText<kUriBytes> text;
  std::string_view host;      // in `text`; empty where the scheme has none or it is broken
  std::string_view scheme;    // in `text`
  std::string_view rest;      // in `text`: path, query and fragment
  std::uint32_t signs = 0;    // bits of mime::UriSign
  bool known_suffix = false;  // the host ends in a top-level domain of the public suffix list

  void add(mime::UriSign sign) noexcept { signs |= 1U << static_cast<unsigned>(sign); }
  Canonical() = default;
  Canonical(const Canonical&) = delete;  // the views are into it
  Canonical& operator=(const Canonical&) = delete;
};

// Without a scheme "http" is taken. False when it is no URI of a kind that leads anywhere.
bool canonicalize(std::string_view written, Canonical& out) noexcept;

// The part of a host that was registered: "example.co.uk" of "www.example.co.uk"; the host itself
// when it is an address or a suffix alone.
std::string_view registered_domain(std::string_view host) noexcept;

// Where `rest` of a canonical URI holds another URI: its beginning, empty when it does not.
std::string_view carried_uri(std::string_view rest) noexcept;

// "%41" and the like resolved.
void append_percent_decoded(std::string_view text, mime::BoundedText<kUriBytes>& out) noexcept;

}  // namespace sluice::scan::uri
