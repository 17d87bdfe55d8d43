#include "scanners/bayes/field_tokens.h"

#include <algorithm>
#include <array>

namespace sluice::scan::bayes {
namespace {

constexpr std::uint32_t kReceivedMax = 8;   // fields that are looked at
constexpr std::size_t kValueWordsMax = 64;  // of one field

enum class Use : std::uint8_t { none, presence, words, addresses, received, message_id, date };

struct Named {
  std::string_view name;  // lower case; "x-spam-*": all that begin so
  Use use;
};

constexpr auto kNamed = std::to_array<Named>({
    {"received", Use::received},
    {"message-id", Use::message_id},
    {"from", Use::addresses},
    {"to", Use::addresses},
    {"cc", Use::addresses},
    {"reply-to", Use::addresses},
    {"return-path", Use::addresses},
    {"errors-to", Use::addresses},
    {"date", Use::date},
    {"in-reply-to", Use::presence},
    {"references", Use::presence},
    {"dkim-signature", Use::presence},
    {"domainkey-signature", Use::presence},
    {"x-google-dkim-signature", Use::presence},
    {"autocrypt", Use::presence},
    {"x-face", Use::presence},
    // Lists, and gateways to them.
    {"list-*", Use::none},
    {"x-list*", Use::none},
    {"mailing-list", Use::none},
    {"x-mailing-list", Use::none},
    {"x-mailman-*", Use::none},
    {"x-been*", Use::none},
    {"x-loop", Use::none},
    {"mail-followup-to", Use::none},
    {"x-egroups-*", Use::none},
    {"sender", Use::none},
    {"x-sender", Use::none},
    {"precedence", Use::none},
    {"resent-*", Use::none},
    {"x-original-*", Use::none},
    {"x-originalarrivaltime", Use::none},
    // Who it was for.
    {"delivered-to", Use::none},
    {"delivery-date", Use::none},
    {"envelope-to", Use::none},
    {"x-envelope-*", Use::none},
    {"x-apparently-to", Use::none},
    {"x-delivered-to", Use::none},
    {"x-rcpt-to", Use::none},
    // What filters said.
    {"x-spam*", Use::none},
    {"spam*", Use::none},
    {"x-sluice-*", Use::none},
    {"x-ms-exchange-*", Use::none},
    {"x-forefront-*", Use::none},
    {"x-microsoft-antispam*", Use::none},
    {"x-exchange-antispam*", Use::none},
    {"x-eopattributedmessage", Use::none},
    {"authentication-results*", Use::none},
    {"arc-*", Use::none},
    {"received-spf", Use::none},
    {"x-barracuda-*", Use::none},
    {"x-bogosity", Use::none},
    {"x-virus*", Use::none},
    {"x-mailscanner*", Use::none},
    {"x-antispam", Use::none},
    {"x-antivirus*", Use::none},
    {"x-amavis*", Use::none},
    {"x-rspamd-*", Use::none},
    {"x-ironport-*", Use::none},
    {"x-proofpoint-*", Use::none},
    {"x-scanned*", Use::none},
    {"x-filtered*", Use::none},
    {"x-pyzor", Use::none},
    {"x-dcc-*", Use::none},
    {"x-sid-*", Use::none},
    // What stores and programs note.
    {"status", Use::none},
    {"x-status", Use::none},
    {"x-flags", Use::none},
    {"x-keywords", Use::none},
    {"x-uid*", Use::none},
    {"x-imapbase", Use::none},
    {"x-mozilla-*", Use::none},
    {"x-gmail-*", Use::none},
    {"x-gm-*", Use::none},
    {"lines", Use::none},
    {"content-length", Use::none},
    {"xref", Use::none},
    {"thread-*", Use::none},
    {"content-class", Use::none},
});

bool named(std::string_view name, std::string_view pattern) noexcept {
  if (pattern.back() != '*') return equals_ignoring_case(name, pattern);
  pattern.remove_suffix(1);
  return equals_ignoring_case(name.substr(0, pattern.size()), pattern);
}

Use use_of(std::string_view name) noexcept {
  const char first = name.empty() ? '\0' : ascii_lower(name.front());
  for (const Named& entry : kNamed)
    if (entry.name.front() == first && named(name, entry.name)) return entry.use;
  return Use::words;
}

Token lower_hash(std::string_view text, Token seed) noexcept {
  std::array<char, 64> lower;
  text = text.substr(0, lower.size());
  std::ranges::transform(text, lower.begin(), [](char c) { return ascii_lower(c); });
  return hash({lower.data(), text.size()}, seed);
}

bool is_letter(char c) noexcept {
  const char lower = ascii_lower(c);
  return (lower >= 'a' && lower <= 'z') || static_cast<unsigned char>(c) >= 0x80;
}
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool in_word(char c) noexcept {
  return is_letter(c) || is_digit(c) || c == '.' || c == '-' || c == '_' || c == '$' || c == '!' ||
         c == '%';
}

template <typename Visit>
void for_each_word(std::string_view value, Visit&& visit) noexcept {
  std::size_t at = 0;
  for (std::size_t words = 0; words < kValueWordsMax; ++words) {
    while (at < value.size() && !in_word(value[at])) ++at;
    const std::size_t from = at;
    while (at < value.size() && in_word(value[at])) ++at;
    if (from == at) return;
    visit(value.substr(from, at - from), from > 0 && value[from - 1] == '@');
  }
}

// Which kinds of octets follow each other: "4f3A.01c2@host" is "dadA.dad@a".
void shape(std::string_view text, Token place, TokenList& out) noexcept {
  std::array<char, 24> kinds;
  std::size_t used = 0;
  for (const char c : text) {
    const char kind = is_digit(c) ? 'd' : !is_letter(c) ? c : ascii_lower(c) == c ? 'a' : 'A';
    if (used > 0 && kinds[used - 1] == kind) continue;
    if (used == kinds.size()) break;
    kinds[used++] = kind;
  }
  out.add(hash({kinds.data(), used}, seed(Kind::shape, place)));
}

void words(std::string_view value, Token place, TokenList& out) noexcept {
  Token before = 0;
  for_each_word(value, [&](std::string_view word, bool) {
    const Token token = lower_hash(word, seed(Kind::value, place));
    out.add(token);
    if (before != 0) out.add(mix(seed(Kind::value_pair, before), token));
    before = token;
  });
}

// A host and what it is part of: "mail.example.com", "example.com", "com".
void host(std::string_view name, Token place, TokenList& out) noexcept {
  for (int labels = 0; labels < 5 && !name.empty(); ++labels) {
    out.add(lower_hash(name, seed(Kind::address, place)));
    const std::size_t dot = name.find('.');
    if (dot == name.npos) return;
    name.remove_prefix(dot + 1);
  }
}

bool is_ipv4(std::string_view word) noexcept {
  return std::ranges::count(word, '.') == 3 &&
         std::ranges::all_of(word, [](char c) { return is_digit(c) || c == '.'; });
}

// An address and the nets it is in.
void ipv4(std::string_view text, Token place, TokenList& out) noexcept {
  for (int octets = 4; octets >= 2; --octets) {
    out.add(hash(text, seed(Kind::address, place)));
    text = text.substr(0, text.rfind('.'));
  }
}

void addresses(std::string_view value, Token place, TokenList& out) noexcept {
  std::size_t count = 0;
  for_each_word(value, [&](std::string_view word, bool behind_at) {
    if (behind_at) {
      host(word, place, out);
      ++count;
    } else {
      out.add(lower_hash(word, seed(Kind::value, place)));
    }
  });
  out.add(mix(seed(Kind::figure, place), std::min<std::size_t>(count, 4)));
}

// Hosts and addresses; ids and dates say nothing.
void received(std::string_view value, Token place, TokenList& out) noexcept {
  for_each_word(value, [&](std::string_view word, bool) {
    if (is_ipv4(word))
      ipv4(word, place, out);
    else if (word.find('.') != word.npos && is_letter(word.back()))
      host(word, place, out);
    else if (std::ranges::none_of(word, is_digit) && word.size() > 2)
      out.add(lower_hash(word, seed(Kind::value, place)));
  });
}

void date(std::string_view value, Token place, TokenList& out) noexcept {
  shape(value, place, out);
  const std::size_t zone = value.find_last_of("+-");
  if (zone != value.npos) out.add(hash(value.substr(zone, 5), seed(Kind::value, place)));
}

}  // namespace

void FieldTokens::begin() noexcept {
  previous_ = message_id_ = 0;
  received_ = 0;
}

void FieldTokens::field(const mime::HeaderField& field, TokenList& out) noexcept {
  const Use use = use_of(field.name);
  if (use == Use::none) return;
  const Token name = lower_hash(field.name, 0);
  if (field.first) {
    out.add(seed(Kind::field, name));
    out.add(hash(field.name, seed(Kind::field, 0)));  // as it is written
    if (name != previous_) out.add(mix(seed(Kind::field_next, previous_), name));
    previous_ = name;
  }
  switch (use) {
    case Use::none:
    case Use::presence: return;
    case Use::words: return words(field.value, name, out);
    case Use::addresses: return addresses(field.value, name, out);
    case Use::received:
      if (received_++ < kReceivedMax) received(field.value, name, out);
      return;
    case Use::message_id: {
      message_id_ = hash(field.value, name);
      const std::size_t at = field.value.find('@');
      shape(field.value.substr(0, at), name, out);
      if (at != field.value.npos) {
        const std::string_view right = field.value.substr(at + 1);
        host(right.substr(0, right.find('>')), name, out);
      }
      return;
    }
    case Use::date: return date(field.value, name, out);
  }
}

}  // namespace sluice::scan::bayes
