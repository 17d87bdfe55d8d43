// The tokens of one message while it arrives: of its header, of the text a person reads, of its
// links and of its form. All memory is planned when it is made.
#pragma once

#include "scanners/bayes/field_tokens.h"
#include "scanners/bayes/token_list.h"
#include "scanners/bayes/word_tokens.h"
#include "scanners/mime/message_sink.h"

namespace sluice::scan::bayes {

inline constexpr std::size_t kTokensMax =
    8'192;  // of a message, before equal ones are counted once

class Tokenizer : public mime::MessageSink {
 public:
  explicit Tokenizer(std::size_t tokens_max = kTokensMax);
  Tokenizer(const Tokenizer&) = delete;
  Tokenizer& operator=(const Tokenizer&) = delete;

  static constexpr std::size_t memory_bytes(std::size_t tokens_max = kTokensMax) noexcept {
    return sizeof(Tokenizer) + tokens_max * sizeof(Token);
  }

  void begin() noexcept;
  void field(const mime::HeaderField& field) noexcept override;
  void container(std::string_view type, std::uint32_t depth) noexcept override;
  void part_begin(const mime::Part& part) noexcept override;
  void body(mime::BodyView view, std::string_view element) noexcept override;
  void uri(const mime::Uri& uri) noexcept override;
  void message_end(const mime::MessageFacts& facts) noexcept override;

  // After message_end(); the same one may be there more than once.
  std::span<const Token> tokens() const noexcept { return std::span(space_).first(told_); }
  // Of the text and the Message-ID: what makes a message the same one, whatever was put before it
  // on its way.
  Token identity() const noexcept { return mix(fields_.message_id(), text_); }

  // From the next message on; `names` outlives this, or is null: nobody asks.
  void explain(TokenNames* names) noexcept {
    for (TokenList* list : {&text_tokens_, &link_tokens_, &form_tokens_}) list->explain(names);
  }

 private:
  void subject(const mime::HeaderField& field) noexcept;

  // Each kind has a share of its own: how texts and links alternate depends on the chunks that the
  // message came in, and what is beyond a limit must not.
  std::vector<Token> space_;
  TokenList text_tokens_;
  TokenList link_tokens_;
  TokenList form_tokens_;
  std::size_t told_ = 0;  // at the beginning of space_, after message_end()
  FieldTokens fields_;
  WordTokens subject_{1};
  WordTokens words_{0};
  Token text_ = 0;
};

}  // namespace sluice::scan::bayes
