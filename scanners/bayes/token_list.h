// Tokens of one message in the order they came, up to a limit; what comes later does not count.
#pragma once

#include <algorithm>
#include <bit>
#include <span>
#include <utility>
#include <vector>

#include "scanners/bayes/token.h"
#include "scanners/bayes/token_names.h"

namespace sluice::scan::bayes {

class TokenList {
 public:
  explicit TokenList(std::span<Token> space) noexcept : space_(space) {}

  void clear() noexcept { used_ = 0; }
  void add(Token token) noexcept {
    if (used_ < space_.size()) space_[used_++] = token;
  }
  // `text`: what it was made of, for who explains it.
  void add(Kind kind, Token hash, std::string_view text = {}) noexcept {
    add(of(kind, hash));
    if (names_ != nullptr) [[unlikely]]
      names_->note(of(kind, hash), text);
  }
  // Of two words, whose hashes these are.
  void add_pair(Token first, Token second) noexcept {
    const Token pair = of(Kind::pair, mix(first, second));
    add(pair);
    if (names_ != nullptr) [[unlikely]]
      names_->note_pair(pair, of(Kind::word, first), of(Kind::word, second));
  }
  // A word that is no token by itself, but may be of pairs.
  void note(Token word, std::string_view text) noexcept {
    if (names_ != nullptr) [[unlikely]]
      names_->note(of(Kind::word, word), text);
  }
  void within(std::string_view field) noexcept {
    if (names_ != nullptr) [[unlikely]]
      names_->within(field);
  }
  void explain(TokenNames* names) noexcept { names_ = names; }  // null: nobody asks
  bool full() const noexcept { return used_ == space_.size(); }
  std::span<const Token> all() const noexcept { return space_.first(used_); }

 private:
  std::span<Token> space_;
  std::size_t used_ = 0;
  TokenNames* names_ = nullptr;
};

// Tells which tokens of a message are new; planned for `most` of them, used for one message at a
// time.
class TokenSet {
 public:
  explicit TokenSet(std::size_t most) : slots_(std::bit_ceil(2 * most + 2)) {}

  void begin(std::size_t tokens) noexcept {
    mask_ = std::bit_ceil(2 * tokens + 2) - 1;
    std::fill_n(slots_.begin(), mask_ + 1, Token{});
    has_zero_ = false;
  }
  // Whether it was not there yet.
  bool insert(Token token) noexcept {
    if (token == 0) return !std::exchange(has_zero_, true);
    for (std::size_t at = token & mask_;; at = (at + 1) & mask_) {
      if (slots_[at] == token) return false;
      if (slots_[at] != 0) continue;
      slots_[at] = token;
      return true;
    }
  }

 private:
  std::vector<Token> slots_;
  std::size_t mask_ = 0;
  bool has_zero_ = false;
};

}  // namespace sluice::scan::bayes
