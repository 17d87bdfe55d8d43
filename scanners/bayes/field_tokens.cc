#include "scanners/bayes/field_tokens.h"

#include <algorithm>
#include <array>

namespace sluice::scan::bayes {
namespace {

constexpr std::uint32_t kReceivedMax = 8;   // fields that are looked at
constexpr std::size_t kValueWordsMax = 64;  // of one field

enum class Use : std::uint8_t {
  none,
  presence,
  words,
  addresses,
  recipients,
  received,
  message_id,
  date
};

struct Named {
  std::string_view name;  // lower case; "x-spam-*": all that begin so
  Use use;
};

constexpr auto kNamed = std::to_array<Named>({
    {"received", Use::received},
    {"message-id", Use::message_id},
    {"from", Use::addresses},
    {"to", Use::recipients},
    {"cc", Use::recipients},
    {"reply-to", Use::addresses},
    {"return-path", Use::addresses},
    {"errors-to", Use::addresses},
    {"date", Use::date},
    // What made it and what it is. The words of other fields tell one place from another, not spam.
    {"x-mailer", Use::words},
    {"user-agent", Use::words},
    {"content-type", Use::words},
    {"content-transfer-encoding", Use::words},
    {"mime-version", Use::words},
    {"x-priority", Use::words},
    {"importance", Use::words},
    {"priority", Use::words},
    {"auto-submitted", Use::words},
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
  return Use::presence;
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
  out.add(Kind::shape, hash({kinds.data(), used}, place), {kinds.data(), used});
}

void words(std::string_view value, Token place, TokenList& out) noexcept {
  for_each_word(value, [&](std::string_view word, bool) {
    out.add(Kind::value, lower_hash(word, place), word);
  });
}

// A host and what it is part of: "mail.example.com", "example.com", "com".
void host(std::string_view name, Token place, TokenList& out) noexcept {
  for (int labels = 0; labels < 5 && !name.empty(); ++labels) {
    out.add(Kind::address, lower_hash(name, place), name);
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
    out.add(Kind::address, hash(text, place), text);
    text = text.substr(0, text.rfind('.'));
  }
}

// The last two labels of the domain behind the first "@", by which relations are told; 0: none.
Token domain_of(std::string_view value) noexcept {
  const std::size_t at = value.find('@');
  if (at == value.npos) return 0;
  std::string_view domain = value.substr(at + 1);
  domain = domain.substr(0, domain.find_first_of("> \t,;)\""));
  std::size_t dot = domain.rfind('.');
  if (dot != domain.npos && dot > 0) dot = domain.rfind('.', dot - 1);
  return lower_hash(dot == domain.npos ? domain : domain.substr(dot + 1), 1);
}

void addresses(std::string_view value, Token place, TokenList& out) noexcept {
  std::size_t count = 0;
  for_each_word(value, [&](std::string_view word, bool behind_at) {
    if (behind_at) {
      host(word, place, out);
      ++count;
    } else {
      out.add(Kind::value, lower_hash(word, place), word);
    }
  });
  out.add(Kind::figure, mix(place, std::min<std::size_t>(count, 4)), "addresses");
}

// How many, and whether they have names. Which names is whose mail it is, not what.
void recipients(std::string_view value, Token place, TokenList& out) noexcept {
  const auto count = static_cast<std::size_t>(std::ranges::count(value, '@'));
  const std::uint64_t names = value.find('<') != value.npos ? 8U : 0U;
  out.add(Kind::figure, mix(place, std::min<std::size_t>(count, 4) + names), "addresses");
}

// Hosts and addresses; ids and dates say nothing.
void received(std::string_view value, Token place, TokenList& out) noexcept {
  for_each_word(value, [&](std::string_view word, bool) {
    if (is_ipv4(word))
      ipv4(word, place, out);
    else if (word.find('.') != word.npos && is_letter(word.back()))
      host(word, place, out);
  });
}

void date(std::string_view value, Token place, TokenList& out) noexcept {
  shape(value, place, out);
  const std::size_t zone = value.find_last_of("+-");
  if (zone != value.npos)
    out.add(Kind::value, hash(value.substr(zone, 5), place), value.substr(zone, 5));
}

}  // namespace

void FieldTokens::begin() noexcept {
  message_id_ = 0;
  received_ = 0;
  domains_ = {};
}

void FieldTokens::relate(std::string_view name, std::string_view value) noexcept {
  constexpr auto kNames =
      std::to_array<std::string_view>({"from", "reply-to", "return-path", "message-id", "to"});
  static_assert(kNames.size() == kRelated);
  for (std::size_t i = 0; i < kRelated; ++i)
    if (domains_[i] == 0 && equals_ignoring_case(name, kNames[i])) domains_[i] = domain_of(value);
}

void FieldTokens::end(TokenList& out) const noexcept {
  out.add(Kind::figure, mix(1, std::min(received_, kReceivedMax)), "Received fields");
  for (std::size_t i = 1; i < kRelated; ++i) {
    const std::uint64_t which = domains_[i] == 0 ? 0U : domains_[i] == domains_[0] ? 1U : 2U;
    out.add(Kind::relation, mix(i, which), which == 1 ? "same domain" : "other domain");
  }
}

void FieldTokens::field(const mime::HeaderField& field, TokenList& out) noexcept {
  const Use use = use_of(field.name);
  if (use == Use::none) return;
  const Token name = lower_hash(field.name, 0);
  if (field.first) {
    out.add(Kind::field, name);
    out.add(Kind::field, hash(field.name, 1), field.name);  // as it is written
    relate(field.name, field.value);
  }
  switch (use) {
    case Use::none:
    case Use::presence: return;
    case Use::words: return words(field.value, name, out);
    case Use::addresses: return addresses(field.value, name, out);
    case Use::recipients: return recipients(field.value, name, out);
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
