// The tokens of one whole message, for who learns it.
#pragma once

#include <span>
#include <vector>

#include "scanners/bayes/tokenizer.h"
#include "scanners/mime/message_reader.h"

namespace sluice::scan::bayes {

class MessageTokens {
 public:
  // Each once, sorted; valid until the next call.
  std::span<const Token> read(ByteView message);
  Token identity() const noexcept { return tokenizer_.identity(); }  // of the last one

 private:
  static mime::Wanted wanted() noexcept;

  Tokenizer tokenizer_;
  mime::MessageReader reader_{{}, wanted()};
  mime::Workspace workspace_;
  std::vector<Token> once_;
};

}  // namespace sluice::scan::bayes
