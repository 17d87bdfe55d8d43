// Tokens of header fields: that a field is there, what made a message and what it is, addresses,
// and whether their domains are that of From. Fields of lists, of other filters and of mail
// programs' stores say who received a message, not what it is, and are left out, as SpamAssassin's
// Bayes plugin does.
#pragma once

#include <array>

#include "scanners/bayes/token_list.h"
#include "scanners/mime/message_sink.h"

namespace sluice::scan::bayes {

class FieldTokens {
 public:
  void begin() noexcept;
  void field(const mime::HeaderField& field, TokenList& out) noexcept;
  void end(TokenList& out) const noexcept;
  // Of Message-ID; 0 without one.
  Token message_id() const noexcept { return message_id_; }

 private:
  static constexpr std::size_t kRelated = 5;

  void relate(std::string_view name, std::string_view value) noexcept;

  Token message_id_ = 0;
  std::uint32_t received_ = 0;
  std::array<Token, kRelated> domains_{};  // of From and of those it is compared with
};

}  // namespace sluice::scan::bayes
