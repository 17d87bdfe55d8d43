// Tokens: what a message says, each a 64-bit hash of the words and where they stood. Nothing can be
// read back from them, and equal ones are taken for the same (in a database of ten million tokens a
// new one meets another by chance once in 10^12).
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "engine/base/bytes.h"

namespace sluice::scan::bayes {

using Token = std::uint64_t;

// Changed whenever the tokens of a message change: a database of another version is not used.
inline constexpr std::uint32_t kTokenVersion = 2;

// Multiply and fold, the mixing step of wyhash.
constexpr Token mix(std::uint64_t a, std::uint64_t b) noexcept {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a ^ 0x9e3779b97f4a7c15U) * (b ^ 0xe7037ed1a0b428dbU);
  return static_cast<Token>(product) ^ static_cast<Token>(product >> 64);
}

// Of at most 2^32 octets; `seed` keeps kinds of tokens apart.
inline Token hash(std::string_view text, Token seed) noexcept {
  Token state = mix(seed, text.size());
  while (text.size() > 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data(), 8);
    state = mix(state, word);
    text.remove_prefix(8);
  }
  std::uint64_t word = 0;
  std::memcpy(&word, text.data(), text.size());
  return mix(state, word);
}

// Kinds of tokens. The numbers are part of the version.
enum class Kind : std::uint64_t {
  word = 1,  // TokenNames has their names, in this order
  shouted,   // as written, with its capitals
  pair,      // of words next to each other
  cut,       // the beginning of a long word
  letters,   // two letters of a script without spaces
  mail_domain,
  uri_host,
  uri_path,
  uri_sign,
  field,     // a header field is there
  value,     // a word of a field
  folded,    // a word in disguise, as it is read
  relation,  // of one field to another
  shape,     // of a word of a field: which kinds of octets
  address,
  part,
  container,
  anomaly,
  figure,
};

// The kind stands in the upper five bits.
constexpr Token of(Kind kind, Token hash) noexcept {
  constexpr unsigned kShift = 59;
  return (hash & ((Token{1} << kShift) - 1)) | static_cast<Token>(kind) << kShift;
}
constexpr Kind kind_of(Token token) noexcept { return static_cast<Kind>(token >> 59); }

constexpr Token seed(Kind kind, Token within = 0) noexcept {
  return mix(static_cast<std::uint64_t>(kind) * 0xa0761d6478bd642fU, within);
}

}  // namespace sluice::scan::bayes
