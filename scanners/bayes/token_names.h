// What tokens were made of, for who explains a verdict: tools, never the data cores.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "scanners/bayes/token.h"

namespace sluice::scan::bayes {

class TokenNames {
 public:
  void clear() { names_.clear(); }
  // What follows is of this field; "": of the text.
  void within(std::string_view field) { field_ = field; }
  void note(Token token, std::string_view text);
  void note_pair(Token token, Token first, Token second);
  std::string of(Token token) const;  // of a token that nobody noted: its kind

 private:
  std::string word(Token word) const;

  std::unordered_map<Token, std::string> names_;
  std::string field_;
};

}  // namespace sluice::scan::bayes
