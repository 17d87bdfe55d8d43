// Mail addresses as SMTP writes them: paths, mailboxes, domains, address literals (RFC 5321 4.1.2
// and 4.1.3, with the UTF-8 additions of RFC 6531 3.3). Pure functions over views of the text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string_view>

namespace sluice::mail {

inline constexpr std::size_t kLocalPartBytesMax = 64;  // RFC 5321 4.5.3.1.1
inline constexpr std::size_t kDomainBytesMax = 255;    // 4.5.3.1.2
inline constexpr std::size_t kPathBytesMax = 256;      // 4.5.3.1.3, with the angle brackets
inline constexpr std::size_t kLabelBytesMax = 63;      // RFC 1035 2.3.4

enum class AddressError : std::uint8_t {
  syntax,
  local_part_too_long,
  domain_too_long,
  path_too_long,
};
const char* describe(AddressError error) noexcept;

struct Mailbox {
  std::string_view local_part;  // as written, with its quotes
  std::string_view domain;      // a domain or an address literal with its brackets
};

struct Path {
  std::string_view mailbox;  // without brackets and source route; empty for <>
  std::size_t length = 0;    // octets that the path takes in the text, brackets included
};

// The whole of `text` is one mailbox.
std::expected<Mailbox, AddressError> parse_mailbox(std::string_view text) noexcept;

// `text` starts with a path; what follows it is the caller's. A source route ("@a,@b:") is taken
// and left out (RFC 5321 appendix C). A reverse path may be "<>", a forward path "<Postmaster>".
std::expected<Path, AddressError> parse_reverse_path(std::string_view text) noexcept;
std::expected<Path, AddressError> parse_forward_path(std::string_view text) noexcept;

bool is_domain(std::string_view text) noexcept;
// "[192.0.2.1]", "[IPv6:2001:db8::1]", "[tag:content]"
bool is_address_literal(std::string_view text) noexcept;

// The parts of an address around its last '@' (a quoted local part may contain more); without '@'
// the domain is empty.
std::string_view domain_of(std::string_view address) noexcept;
std::string_view local_part_of(std::string_view address) noexcept;

}  // namespace sluice::mail
