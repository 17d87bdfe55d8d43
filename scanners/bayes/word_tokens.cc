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
  for (std::size_t i = 0; i < word.size(); ++i) {
    capitals += octet_of(word[i]) == kCapital;
    lower[i] = ascii_lower(word[i]);
  }
  const Token token = hash({lower.data(), word.size()}, seed(Kind::word, place_));
  if (word.size() > 2) {
    out.add(token);
    if (capitals > 1) out.add(hash(word, seed(Kind::shouted, place_)));
  }
  follow(token, out);
}

// A mail address, a run of a script without spaces, or what is only worth its beginning.
void WordTokens::long_word(std::string_view word, TokenList& out) noexcept {
  if (const std::size_t at = word.find('@'); at != word.npos)
    out.add(hash(word.substr(at + 1, 64), seed(Kind::mail_domain, place_)));
  if (character_size(word.front()) >= 3) {
    std::size_t from = 0;
    while (from < word.size() && !out.full()) {
      const std::size_t first = character_size(word[from]);
      if (from + first >= word.size()) break;
      const std::size_t both = first + character_size(word[from + first]);
      out.add(hash(word.substr(from, both), seed(Kind::letters, place_)));
      from += first;
    }
  }
  const Token token = hash(word.substr(0, kCutBytes), seed(Kind::cut, place_));
  out.add(token);
  follow(token, out);
}

void WordTokens::follow(Token token, TokenList& out) noexcept {
  if (before_ != 0) out.add(mix(seed(Kind::pair, before_), token));
  if (earlier_ != 0) out.add(mix(seed(Kind::skip, earlier_), token));
  earlier_ = before_;
  before_ = token;
}

}  // namespace sluice::scan::bayes
