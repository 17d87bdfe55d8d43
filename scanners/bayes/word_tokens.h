// Tokens of running text: words, and pairs of neighbours: orthogonal sparse bigrams (Siefkes,
// Assis, Chhabra, Yerazunis: "Combining Winnow and Orthogonal Sparse Bigrams for Incremental Spam
// Filtering", 2004) with a window of two. A wider one made mail of other sources worse
// (bench/verdict/README.md). What a word is follows SpamAssassin's Bayes plugin: case is kept where
// a word shouts, marks within words stay
// ("$31,000", "f*ck"), of long ones only the beginning counts.
#pragma once

#include <string_view>

#include "scanners/bayes/token_list.h"

namespace sluice::scan::bayes {

inline constexpr std::size_t kWordBytesMax = 20;  // longer ones are cut
inline constexpr std::size_t kCutBytes = 8;       // to this

class WordTokens {
 public:
  explicit WordTokens(Token place) noexcept : place_(place) {}

  void begin() noexcept { before_ = 0; }
  void add(std::string_view utf8, TokenList& out) noexcept;

 private:
  void word(std::string_view word, TokenList& out) noexcept;
  void fold(std::string_view lower, TokenList& out) noexcept;
  void long_word(std::string_view word, TokenList& out) noexcept;
  void follow(Token token, TokenList& out) noexcept;

  Token place_;
  Token before_ = 0;  // the last word; 0: none
};

}  // namespace sluice::scan::bayes
