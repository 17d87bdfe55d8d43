#include "scanners/bayes/word_tokens.h"

#include <algorithm>
#include <array>

namespace sluice::scan::bayes {
namespace {

enum Octet : std::uint8_t { kBetween, kPlain, kCapital, kMark };

constexpr std::array<Octet, 256> make_octets() {
  std::array<Octet, 256> octets{};
  for (unsigned c = 0; c < 256; ++c) {
    if (c >= 0x80 || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) octets[c] = kPlain;
    if (c >= 'A' && c <= 'Z') octets[c] = kCapital;
  }
  for (const char c : {'-', '\'', '.', ',', '@', '$', '!', '*', '_', '%', '+', '#'})
    octets[static_cast<unsigned char>(c)] = kMark;
  return octets;
}
constexpr std::array<Octet, 256> kOctets = make_octets();

Octet octet_of(char c) noexcept { return kOctets[static_cast<unsigned char>(c)]; }

// Marks that end a sentence or hold words together, and say nothing at the edge of a word.
bool is_edge(char c) noexcept {
  return c == '.' || c == ',' || c == '-' || c == '\'' || c == '_' || c == '+';
}

std::string_view without_edges(std::string_view word) noexcept {
  while (!word.empty() && is_edge(word.front())) word.remove_prefix(1);
  while (!word.empty() && is_edge(word.back())) word.remove_suffix(1);
  return word;
}

std::size_t character_size(char lead) noexcept {
  const auto octet = static_cast<unsigned char>(lead);
  return octet < 0xc0 ? 1 : octet < 0xe0 ? 2 : octet < 0xf0 ? 3 : 4;
}

}  // namespace

void WordTokens::add(std::string_view utf8, TokenList& out) noexcept {
  std::size_t at = 0;
  while (at < utf8.size() && !out.full()) {
    while (at < utf8.size() && octet_of(utf8[at]) == kBetween) ++at;
    const std::size_t from = at;
    while (at < utf8.size() && octet_of(utf8[at]) != kBetween) ++at;
    if (const auto found = without_edges(utf8.substr(from, at - from)); !found.empty())
      word(found, out);
  }
}

void WordTokens::word(std::string_view word, TokenList& out) noexcept {
  if (word.size() > kWordBytesMax) return long_word(word, out);
  std::array<char, kWordBytesMax> lower;
  std::size_t capitals = 0;
  std::size_t plain = 0;  // letters, that need no folding
  for (std::size_t i = 0; i < word.size(); ++i) {
    capitals += octet_of(word[i]) == kCapital;
    lower[i] = ascii_lower(word[i]);
    plain += lower[i] >= 'a' && lower[i] <= 'z';
  }
  const std::string_view text(lower.data(), word.size());
  const Token token = hash(text, place_);
  if (word.size() > 2) {
    out.add(Kind::word, token, text);
    if (capitals > 1) out.add(Kind::shouted, hash(word, place_), word);
    if (plain > 1 && plain < word.size()) fold(text, out);
  } else {
    out.note(token, text);
  }
  follow(token, out);
}

// "v1agra", "fr.ee", "Ca$h" are read as words: as those they are told too.
void WordTokens::fold(std::string_view lower, TokenList& out) noexcept {
  constexpr std::string_view kSeen = "013457@$!+";
  constexpr std::string_view kRead = "oieastasit";
  std::array<char, kWordBytesMax> folded;
  std::size_t used = 0;
  for (const char c : lower) {
    const std::size_t at = kSeen.find(c);
    const char read = at == kSeen.npos ? c : kRead[at];
    if (octet_of(read) == kPlain && !(read >= '0' && read <= '9')) folded[used++] = read;
  }
  if (used < 3 || used + 3 < lower.size()) return;
  const std::string_view text(folded.data(), used);
  out.add(Kind::word, hash(text, place_), text);
  out.add(Kind::folded, hash(text, place_), text);
}

// A mail address, a run of a script without spaces, or what is only worth its beginning.
void WordTokens::long_word(std::string_view word, TokenList& out) noexcept {
  if (const std::size_t at = word.find('@'); at != word.npos)
    out.add(Kind::mail_domain, hash(word.substr(at + 1, 64), place_), word.substr(at + 1, 64));
  if (character_size(word.front()) >= 3) {
    std::size_t from = 0;
    while (from < word.size() && !out.full()) {
      const std::size_t first = character_size(word[from]);
      if (from + first >= word.size()) break;
      const std::size_t both = first + character_size(word[from + first]);
      out.add(Kind::letters, hash(word.substr(from, both), place_), word.substr(from, both));
      from += first;
    }
  }
  const Token token = hash(word.substr(0, kCutBytes), place_);
  out.add(Kind::cut, token, word.substr(0, kCutBytes));
  out.note(token, word.substr(0, kCutBytes));
  follow(token, out);
}

void WordTokens::follow(Token token, TokenList& out) noexcept {
  if (before_ != 0) out.add_pair(before_, token);
  before_ = token;
}

}  // namespace sluice::scan::bayes
