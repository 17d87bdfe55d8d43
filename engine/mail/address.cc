#include "engine/mail/address.h"

#include <algorithm>

#include "engine/base/ascii_text.h"
#include "engine/base/bytes.h"
#include "engine/base/ip_address.h"

namespace sluice::mail {

namespace {

using Unexpected = std::unexpected<AddressError>;

bool is_high(char c) noexcept { return static_cast<std::uint8_t>(c) >= 0x80; }
bool is_let_dig(char c) noexcept { return is_ascii_alnum(c) || is_high(c); }  // RFC 6531: U-label
bool is_atext(char c) noexcept {
  return is_let_dig(c) || std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

// A place in the text that moves forward over what it recognises.
struct Cursor {
  std::string_view text;
  std::size_t at = 0;

  bool done() const noexcept { return at == text.size(); }
  char peek() const noexcept { return done() ? '\0' : text[at]; }
  bool take(char wanted) noexcept {
    if (done() || text[at] != wanted) return false;
    ++at;
    return true;
  }
  template <typename Predicate>
  std::size_t take_while(Predicate&& wanted) noexcept {
    const std::size_t start = at;
    while (!done() && wanted(text[at])) ++at;
    return at - start;
  }
};

// Dot-string = Atom *("." Atom)
bool take_dot_string(Cursor& cursor) noexcept {
  do {
    if (cursor.take_while(is_atext) == 0) return false;
  } while (cursor.take('.'));
  return true;
}

// Quoted-string = DQUOTE *QcontentSMTP DQUOTE
bool take_quoted_string(Cursor& cursor) noexcept {
  const auto qtext = [](char c) {
    return is_high(c) || (c >= 32 && c <= 126 && c != '"' && c != '\\');
  };
  if (!cursor.take('"')) return false;
  for (;;) {
    cursor.take_while(qtext);
    if (cursor.take('"')) return true;
    if (!cursor.take('\\') || cursor.peek() < 32 || cursor.peek() > 126) return false;
    ++cursor.at;
  }
}

// sub-domain = Let-dig [Ldh-str]
bool take_label(Cursor& cursor) noexcept {
  if (!is_let_dig(cursor.peek())) return false;
  const std::size_t start = cursor.at;
  cursor.take_while([](char c) { return is_let_dig(c) || c == '-'; });
  return cursor.text[cursor.at - 1] != '-' && cursor.at - start <= kLabelBytesMax;
}

bool take_domain(Cursor& cursor) noexcept {
  do {
    if (!take_label(cursor)) return false;
  } while (cursor.take('.'));
  return true;
}

// General-address-literal = Standardized-tag ":" 1*dcontent
bool is_general_literal(std::string_view content) noexcept {
  const std::size_t colon = content.find(':');
  if (colon == 0 || colon == std::string_view::npos || colon + 1 == content.size()) return false;
  const std::string_view tag = content.substr(0, colon);
  return std::all_of(tag.begin(), tag.end(),
                     [](char c) { return is_ascii_alnum(c) || c == '-'; }) &&
         tag.back() != '-' && !equals_ignoring_case(tag, "IPv6");
}

bool is_literal_content(std::string_view content) noexcept {
  constexpr std::string_view kIpv6Tag = "IPv6:";
  if (content.size() > kIpv6Tag.size() &&
      equals_ignoring_case(content.substr(0, kIpv6Tag.size()), kIpv6Tag)) {
    const std::string_view digits = content.substr(kIpv6Tag.size());
    return digits.find(':') != std::string_view::npos && IpAddress::parse(digits).has_value();
  }
  if (content.find(':') == std::string_view::npos) return IpAddress::parse(content).has_value();
  return is_general_literal(content);
}

bool take_address_literal(Cursor& cursor) noexcept {
  if (!cursor.take('[')) return false;
  const std::size_t start = cursor.at;
  const auto dcontent = [](char c) {
    return c >= 33 && c <= 126 && c != '[' && c != '\\' && c != ']';
  };
  const std::size_t length = cursor.take_while(dcontent);
  return cursor.take(']') && is_literal_content(cursor.text.substr(start, length));
}

std::expected<Mailbox, AddressError> take_mailbox(Cursor& cursor) noexcept {
  const std::size_t start = cursor.at;
  const bool local_part =
      cursor.peek() == '"' ? take_quoted_string(cursor) : take_dot_string(cursor);
  if (!local_part) return Unexpected(AddressError::syntax);
  const std::size_t at_sign = cursor.at;
  if (!cursor.take('@')) return Unexpected(AddressError::syntax);
  const bool domain = cursor.peek() == '[' ? take_address_literal(cursor) : take_domain(cursor);
  if (!domain) return Unexpected(AddressError::syntax);
  const Mailbox mailbox{cursor.text.substr(start, at_sign - start),
                        cursor.text.substr(at_sign + 1, cursor.at - at_sign - 1)};
  if (mailbox.local_part.size() > kLocalPartBytesMax)
    return Unexpected(AddressError::local_part_too_long);
  if (mailbox.domain.size() > kDomainBytesMax) return Unexpected(AddressError::domain_too_long);
  return mailbox;
}

// A-d-l ":" with A-d-l = At-domain *( "," At-domain )
bool take_source_route(Cursor& cursor) noexcept {
  do {
    if (!cursor.take('@') || !take_domain(cursor)) return false;
  } while (cursor.take(','));
  return cursor.take(':');
}

bool take_postmaster(Cursor& cursor) noexcept {
  constexpr std::string_view kPostmaster = "postmaster";
  const std::string_view rest = cursor.text.substr(cursor.at);
  if (rest.size() <= kPostmaster.size() || rest[kPostmaster.size()] != '>' ||
      !equals_ignoring_case(rest.substr(0, kPostmaster.size()), kPostmaster))
    return false;
  cursor.at += kPostmaster.size();
  return true;
}

enum class Direction { reverse, forward };

std::expected<Path, AddressError> parse_path(std::string_view text, Direction direction) noexcept {
  Cursor cursor{text};
  if (!cursor.take('<')) return Unexpected(AddressError::syntax);
  if (direction == Direction::reverse && cursor.take('>')) return Path{{}, cursor.at};
  if (cursor.peek() == '@' && !take_source_route(cursor)) return Unexpected(AddressError::syntax);
  const std::size_t start = cursor.at;
  if (direction == Direction::reverse || !take_postmaster(cursor)) {
    const auto mailbox = take_mailbox(cursor);
    if (!mailbox) return Unexpected(mailbox.error());
  }
  const std::string_view mailbox = text.substr(start, cursor.at - start);
  if (!cursor.take('>')) return Unexpected(AddressError::syntax);
  // The route is left out, so only what remains of the path counts.
  if (mailbox.size() + 2 > kPathBytesMax) return Unexpected(AddressError::path_too_long);
  return Path{mailbox, cursor.at};
}

}  // namespace

const char* describe(AddressError error) noexcept {
  switch (error) {
    case AddressError::syntax: return "bad address syntax";
    case AddressError::local_part_too_long: return "local part too long";
    case AddressError::domain_too_long: return "domain too long";
    case AddressError::path_too_long: return "path too long";
  }
  return "bad address";
}

std::expected<Mailbox, AddressError> parse_mailbox(std::string_view text) noexcept {
  Cursor cursor{text};
  const auto mailbox = take_mailbox(cursor);
  if (mailbox && !cursor.done()) return Unexpected(AddressError::syntax);
  return mailbox;
}

std::expected<Path, AddressError> parse_reverse_path(std::string_view text) noexcept {
  return parse_path(text, Direction::reverse);
}

std::expected<Path, AddressError> parse_forward_path(std::string_view text) noexcept {
  return parse_path(text, Direction::forward);
}

bool is_domain(std::string_view text) noexcept {
  Cursor cursor{text};
  return text.size() <= kDomainBytesMax && take_domain(cursor) && cursor.done();
}

bool is_address_literal(std::string_view text) noexcept {
  Cursor cursor{text};
  return text.size() <= kDomainBytesMax && take_address_literal(cursor) && cursor.done();
}

std::string_view domain_of(std::string_view address) noexcept {
  const std::size_t at_sign = address.rfind('@');
  return at_sign == std::string_view::npos ? std::string_view() : address.substr(at_sign + 1);
}

std::string_view local_part_of(std::string_view address) noexcept {
  return address.substr(0, address.rfind('@'));
}

}  // namespace sluice::mail
