// Tokens of header fields: that a field is there and which one follows it, the words of its value
// with its name, and what some fields have of their own. Fields of lists, of other filters and of
// mail programs' stores say who received a message, not what it is, and are left out, as
// SpamAssassin's Bayes plugin does.
#pragma once

#include "scanners/bayes/token_list.h"
#include "scanners/mime/message_sink.h"

namespace sluice::scan::bayes {

class FieldTokens {
 public:
  void begin() noexcept;
  void field(const mime::HeaderField& field, TokenList& out) noexcept;
  // Of Message-ID; 0 without one.
  Token message_id() const noexcept { return message_id_; }

 private:
  Token previous_ = 0;  // the name of the field before
  Token message_id_ = 0;
  std::uint32_t received_ = 0;
};

}  // namespace sluice::scan::bayes
